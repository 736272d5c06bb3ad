// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongConsumer;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.node.Strictness;
import org.jbcachefs.format.sb.Member;

/**
 * Reads and checks what a batch points to, in device order, neighbours with one read. Belongs to
 * one thread.
 */
final class VerifyWorker {
  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;

  /** What is read at once: no more than a processor's own cache holds. */
  private static final int RUN_SECTORS = (512 << 10) >>> SECTOR_SHIFT;

  /** Reading over a small gap costs less than another read. */
  private static final int GAP_SECTORS = (32 << 10) >>> SECTOR_SHIFT;

  private final DeviceSet devices;
  private final NodeContext nodes;
  private final ExtentDecoder decoder;
  private final BucketGenerations.Ahead generations;
  private final LongConsumer progress;
  private final VerifyTotals totals = new VerifyTotals();
  private final Scratch.Buffer buffer = new Scratch.Buffer();
  private int bucketDev = -1;
  private long bucket;
  private int bucketGen;
  private VerifyItem last;
  private boolean lastGood;

  VerifyWorker(
      DeviceSet devices,
      NodeContext nodes,
      ExtentDecoder decoder,
      BucketGenerations generations,
      LongConsumer progress) {
    this.devices = devices;
    this.nodes = nodes;
    this.decoder = decoder;
    this.generations = generations.new Ahead();
    this.progress = progress;
  }

  VerifyTotals totals() {
    return totals;
  }

  /** Checks everything; what came of it is in the batch's keys. */
  void check(VerifyBatch batch) {
    List<VerifyItem> items = batch.sorted();
    items.removeIf(item -> !usable(item));
    last = null;
    int at = 0;
    while (at < items.size()) {
      VerifyItem item = items.get(at);
      if (item.node != null) {
        checkNode(item);
        at++;
      } else if (item.sectors > RUN_SECTORS) {
        checkLarge(item);
        at++;
      } else {
        at = checkRun(items, at);
      }
    }
  }

  /** Reads as many neighbours as fit, and checks them; the index of the first one left. */
  private int checkRun(List<VerifyItem> items, int from) {
    VerifyItem first = items.get(from);
    long end = first.end();
    int to = from + 1;
    while (to < items.size() && continues(first, end, items.get(to))) {
      end = Math.max(end, items.get(to).end());
      to++;
    }
    long bytes = (end - first.sector) << SECTOR_SHIFT;
    MemorySegment run = buffer.atLeast(bytes).asSlice(0, bytes);
    try {
      devices.read(first.dev, first.sector, run);
    } catch (DeviceException _) {
      // Which of them cannot be read is what has to be found out.
      for (int i = from; i < to; i++) {
        checkAlone(items.get(i));
      }
      return to;
    }
    for (int i = from; i < to; i++) {
      VerifyItem item = items.get(i);
      if (last != null && lastGood && item.sameAs(last)) {
        good(item);
      } else if (verify(item, run, (item.sector - first.sector) << SECTOR_SHIFT)) {
        good(item);
      } else {
        checkAlone(item);
      }
    }
    progress.accept(bytes);
    return to;
  }

  private static boolean continues(VerifyItem first, long end, VerifyItem next) {
    return next.dev == first.dev
        && next.node == null
        && next.sector <= end + GAP_SECTORS
        && next.end() - first.sector <= RUN_SECTORS;
  }

  /** Reads one item by itself: because its run failed, or once more because it was wrong. */
  private void checkAlone(VerifyItem item) {
    long bytes = (long) item.sectors << SECTOR_SHIFT;
    MemorySegment alone = buffer.atLeast(bytes).asSlice(0, bytes);
    try {
      devices.read(item.dev, item.sector, alone);
    } catch (DeviceException e) {
      bad(item, Finding.of(e));
      return;
    }
    if (verify(item, alone, 0)) {
      good(item);
    } else {
      String type = ChecksumType.nameOf(item.crc.checksumType());
      bad(item, new Finding(wrongChecksum(item), place(item), "wrong " + type));
    }
  }

  private static String wrongChecksum(VerifyItem item) {
    return isStripe(item) ? "stripe_csum_error" : "data_checksum_error";
  }

  private static boolean isStripe(VerifyItem item) {
    return item.key.header.type() == KeyType.STRIPE.number();
  }

  private boolean verify(VerifyItem item, MemorySegment bytes, long at) {
    return item.crc.checksumType() == ChecksumType.NONE.number()
        || decoder.verify(item.key.header, item.crc, bytes, at);
  }

  /** More than a run: at once if it has a checksum, in pieces if being readable is all it can. */
  private void checkLarge(VerifyItem item) {
    if (item.crc.checksumType() != ChecksumType.NONE.number()) {
      checkAlone(item);
      progress.accept((long) item.sectors << SECTOR_SHIFT);
      return;
    }
    long sectors = Integer.toUnsignedLong(item.sectors);
    for (long at = 0; at < sectors; at += RUN_SECTORS) {
      long bytes = Math.min(RUN_SECTORS, sectors - at) << SECTOR_SHIFT;
      try {
        devices.read(item.dev, item.sector + at, buffer.atLeast(bytes).asSlice(0, bytes));
      } catch (DeviceException e) {
        bad(item, Finding.of(e));
        return;
      }
      progress.accept(bytes);
    }
    good(item);
  }

  private void checkNode(VerifyItem item) {
    long bytes = (long) item.sectors << SECTOR_SHIFT;
    MemorySegment node = buffer.atLeast(bytes).asSlice(0, bytes);
    Place place = place(item);
    try {
      devices.read(item.dev, item.sector, node);
      DecodedNode decoded = NodeDecoder.decode(nodes, item.node, node, Strictness.STRICT, place);
      checkPadding(item, decoded, node);
      good(item);
    } catch (CorruptionException | DeviceException e) {
      bad(item, Finding.of(e));
    }
    progress.accept(bytes);
  }

  /** A bset is written as whole blocks, zeros behind its keys. */
  private void checkPadding(VerifyItem item, DecodedNode decoded, MemorySegment node) {
    for (DecodedNode.BsetInfo bset : decoded.bsetInfos()) {
      long end = Math.min(nodes.roundUp(bset.end()), node.byteSize());
      for (long at = bset.end(); at < end; at++) {
        if (Le.u8(node, at) != 0) {
          Place place = place(item);
          item.key.problems.add(
              new Finding(
                  "btree_node_padding_not_zero",
                  place.on(place.device(), place.offset() + at),
                  "byte " + at + " of the node is padding and not zero"));
          break;
        }
      }
    }
  }

  /** Whether the item is on a device that is here, in a bucket that is still what it was. */
  private boolean usable(VerifyItem item) {
    Member member = devices.member(item.dev);
    if (member == null || devices.device(item.dev) == null) {
      item.key.missing++;
      item.key.badBlocks |= 1 << item.stripeBlock;
      totals.missing++;
      return false;
    }
    int bucketSectors = Math.max(1, member.bucketSectors());
    long in = item.sector / bucketSectors;
    long size = Integer.toUnsignedLong(item.sectors);
    if (in < member.firstBucket()
        || Long.compareUnsigned(in, member.nbuckets()) >= 0
        || item.sector % bucketSectors + size > bucketSectors) {
      String what = size + " sectors that are not in one bucket of the device";
      bad(item, new Finding("ptr_spans_multiple_buckets", place(item), what));
      return false;
    }
    return item.node != null || fresh(item, in);
  }

  private boolean fresh(VerifyItem item, long in) {
    if (bucketDev != item.dev || bucket != in) {
      bucketGen = generations.of(item.dev, in);
      bucketDev = item.dev;
      bucket = in;
    }
    if (bucketGen == BucketGenerations.UNKNOWN || ExtentPtr.staleness(bucketGen, item.gen) <= 0) {
      return true;
    }
    if (item.cached) {
      totals.stale++;
    } else {
      String what = "stale: the bucket has generation " + bucketGen + ", not " + item.gen;
      bad(item, new Finding("stale_dirty_ptr", place(item), what));
    }
    return false;
  }

  private Place place(VerifyItem item) {
    Place place =
        item.node == null
            ? ExtentDecoder.place(item.key.header)
            : Place.structure(item.node.nodeName()).at(item.key.header.pos());
    return place.on(devices.name(item.dev), item.sector << SECTOR_SHIFT);
  }

  private void good(VerifyItem item) {
    item.key.good++;
    count(item);
    last = item;
    lastGood = true;
  }

  private void bad(VerifyItem item, Finding finding) {
    item.key.problems.add(finding);
    item.key.badBlocks |= 1 << item.stripeBlock;
    count(item);
    last = item;
    lastGood = false;
  }

  private void count(VerifyItem item) {
    long bytes = Integer.toUnsignedLong(item.sectors) << SECTOR_SHIFT;
    if (item.node != null) {
      totals.nodes++;
      totals.nodeBytes += bytes;
    } else if (isStripe(item)) {
      totals.stripeBlocks++;
      totals.stripeBytes += bytes;
    } else {
      totals.extents++;
      totals.extentBytes += bytes;
      if (item.crc.checksumType() == ChecksumType.NONE.number()) {
        totals.uncheckedBytes += bytes;
      }
    }
  }

  /** Why the data of a key cannot be had from anywhere; null if it can. */
  BcachefsException whyLost(ExtentReader extents, Bkey key) {
    long bytes = Integer.toUnsignedLong(key.size()) << SECTOR_SHIFT;
    long step = (long) RUN_SECTORS << SECTOR_SHIFT;
    MemorySegment into = buffer.atLeast(step);
    try {
      for (long at = 0; at < bytes; at += step) {
        extents.read(key, at, into, 0, Math.min(step, bytes - at));
      }
      return null;
    } catch (org.jbcachefs.format.error.LostDataException e) {
      return e;
    }
  }
}
