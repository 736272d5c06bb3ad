// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeDecoder;

/**
 * Steps through everything that points to data or nodes, in batches: roots, then every level of
 * every btree, then stripes, extents and indirect extents. Threads take turns at {@link #fill}.
 */
final class VerifyScan implements AutoCloseable {
  private static final int EXTENTS = BtreeId.EXTENTS.number();
  private static final int REFLINK = BtreeId.REFLINK.number();
  private static final int STRIPES = BtreeId.STRIPES.number();

  private final Btrees btrees;
  private final NodeContext nodes;
  private final ExtentEntrySizes sizes;
  private final Consumer<Finding> lost;
  private final Deque<BtreeRoot> roots;
  private final Deque<Range> ranges = new ArrayDeque<>();
  private final ExtentEntries entries = new ExtentEntries();
  private final StripeValue stripe = new StripeValue();
  private KeyIterator keys;
  private Range range;

  /** All keys of one level of a btree. */
  private record Range(int btree, int level) {}

  /**
   * Everything of that filesystem.
   *
   * @param lost told of what keeps keys from being read: nodes of which no copy is good
   */
  VerifyScan(
      Btrees btrees,
      Overlay overlay,
      NodeContext nodes,
      ExtentEntrySizes sizes,
      Consumer<Finding> lost) {
    this.btrees = btrees;
    this.nodes = nodes;
    this.sizes = sizes;
    this.lost = lost;
    this.roots = new ArrayDeque<>(overlay.roots());
    for (int btree : btrees.present()) {
      for (int level = btrees.rootLevel(btree); level > 0; level--) {
        ranges.add(new Range(btree, level));
      }
    }
    ranges.add(new Range(STRIPES, 0));
    ranges.add(new Range(EXTENTS, 0));
    ranges.add(new Range(REFLINK, 0));
  }

  /** Fills an empty batch with what comes next; false if there is no more. */
  synchronized boolean fill(VerifyBatch batch) {
    while (!batch.isFull()) {
      if (!step(batch)) {
        break;
      }
    }
    return batch.keys() > 0;
  }

  private boolean step(VerifyBatch batch) {
    if (!roots.isEmpty()) {
      BtreeRoot root = roots.remove();
      if (root.key() != null) {
        addNode(batch, root.btree(), root.level(), root.key());
      }
      return true;
    }
    if (keys == null) {
      range = ranges.poll();
      if (range == null) {
        return false;
      }
      keys = btrees.iterate(range.btree, range.level, Bpos.MIN, Bpos.MAX);
    }
    try {
      if (keys.next()) {
        add(batch, keys.key());
      } else {
        keys.close();
        keys = null;
      }
    } catch (CorruptionException e) {
      lost.accept(Finding.of(e));
    }
    return true;
  }

  private void add(VerifyBatch batch, Bkey key) {
    if (range.level > 0) {
      addNode(batch, range.btree, range.level - 1, key);
    } else if (range.btree == STRIPES) {
      addStripe(batch, key);
    } else {
      addExtent(batch, key);
    }
  }

  private void addNode(VerifyBatch batch, int btree, int level, Bkey key) {
    Place place = Place.structure("btree " + BtreeId.nameOf(btree));
    BtreePointer pointer = BtreePointer.parse(btree, level, key, place);
    VerifyKey node = batch.addKey(btree, level + 1, key);
    int sectors = NodeDecoder.bytesToRead(nodes, pointer) / NodeContext.SECTOR_BYTES;
    for (BtreePointer.Replica replica : pointer.replicas()) {
      batch.addItem(node, replica.device(), replica.sector(), sectors).node = pointer;
    }
  }

  private void addStripe(VerifyBatch batch, Bkey key) {
    if (key.type() != KeyType.STRIPE.number()) {
      return;
    }
    stripe.of(key);
    VerifyKey added = batch.addKey(STRIPES, 0, key);
    added.redundant = stripe.redundant();
    int granularity = stripe.granularity();
    for (int block = 0; block < stripe.blocks(); block++) {
      long ptr = stripe.ptr(block);
      for (int at = 0; at < stripe.sectors(); at += granularity) {
        int sectors = Math.min(granularity, stripe.sectors() - at);
        long sector = ExtentPtr.sector(ptr) + at;
        VerifyItem item = batch.addItem(added, ExtentPtr.dev(ptr), sector, sectors);
        item.stripeBlock = block;
        item.crc.setTypes(stripe.checksumType().number(), 0);
        item.crc.setChecksum(stripe.checksum(block, at / granularity), 0);
        item.gen = ExtentPtr.gen(ptr);
      }
    }
  }

  private void addExtent(VerifyBatch batch, Bkey key) {
    int type = key.type();
    if (type == KeyType.ERROR.number()) {
      problem(batch.addKey(range.btree, 0, key), "extent_error", "its data was lost");
      return;
    }
    if (type != KeyType.EXTENT.number() && type != KeyType.REFLINK_V.number()) {
      return;
    }
    entries.of(key, sizes);
    if (!entries.nextPtr()) {
      problem(batch.addKey(range.btree, 0, key), "extent_ptrs_no_ptrs", "no pointers");
      return;
    }
    VerifyKey added = batch.addKey(range.btree, 0, key);
    do {
      if (!entries.unwritten()) {
        addPointer(batch, added, key);
      } else {
        added.good++;
      }
    } while (entries.nextPtr());
    if (entries.unreadable()) {
      problem(added, "extent_ptrs_invalid_entry", "has an entry that cannot be read");
    }
    if (entries.poisoned()) {
      added.poisoned = true;
      problem(added, "extent_poisoned", "poisoned: it was found damaged when it was moved");
    }
  }

  private void addPointer(VerifyBatch batch, VerifyKey added, Bkey key) {
    ExtentCrc crc = entries.crc();
    try {
      ExtentDecoder.check(key, crc, added);
    } catch (CorruptionException e) {
      added.problems.add(Finding.of(e));
      return;
    }
    long sector = entries.sector();
    int sectors = crc.compressedSectors();
    if (!crc.isEncoded()) {
      sector += crc.offset();
      sectors = key.size();
    }
    VerifyItem item = batch.addItem(added, entries.dev(), sector, sectors);
    item.crc.set(crc);
    item.cached = entries.cached();
    item.gen = entries.gen();
  }

  private static void problem(VerifyKey key, String name, String what) {
    key.problems.add(new Finding(name, ExtentDecoder.place(key.header), what));
  }

  @Override
  public synchronized void close() {
    if (keys != null) {
      keys.close();
    }
  }
}
