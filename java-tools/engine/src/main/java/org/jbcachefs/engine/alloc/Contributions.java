// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.Arrays;
import org.jbcachefs.engine.alloc.ContributionSink.Share;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AccountingType;
import org.jbcachefs.format.value.Reservation;

/**
 * What one key adds to counters, buckets and stripes: a pure function of the key. Reusable,
 * allocates nothing per key but for reservations; belongs to one thread.
 *
 * <p>Pointers to devices that are gone add to no bucket and to no set of devices. Source of the
 * rules: the triggers of extents, reservations, stripes and inodes; accounting types in {@code
 * struct disk_accounting_pos}.
 */
public final class Contributions {
  private static final int[] LEAVES = {
    BtreeId.STRIPES.number(),
    BtreeId.REFLINK.number(),
    BtreeId.EXTENTS.number(),
    BtreeId.INODES.number()
  };

  /** Since 1.39 every key of a snapshot counts. */
  private static final int[] LEAVES_WITH_SNAPSHOTS = {
    BtreeId.STRIPES.number(),
    BtreeId.REFLINK.number(),
    BtreeId.EXTENTS.number(),
    BtreeId.INODES.number(),
    BtreeId.DIRENTS.number(),
    BtreeId.XATTRS.number(),
    BtreeId.DAMAGE.number()
  };

  private final ExtentEntries entries = new ExtentEntries();
  private final StripeValue stripe = new StripeValue();
  private final int[] devices = new int[ExtentEntries.MAX_PTRS * ExtentEntries.MAX_PTRS];
  private final int[] one = new int[1];
  private final ExtentEntrySizes entrySizes;
  private final long nodeSectors;
  private final ReconcileContributions reconcile;
  private final boolean bySnapshotAndBtree;

  private int deviceCount;
  private boolean inStripe;
  private long sectors;
  private int compression;
  private long uncompressed;
  private long compressed;

  /**
   * @param nodeSectors size of a btree node
   * @param version number of the filesystem's version
   */
  public Contributions(ExtentEntrySizes entrySizes, long nodeSectors, int version) {
    this.entrySizes = entrySizes;
    this.bySnapshotAndBtree = AccountingType.bySnapshotAndBtree(version);
    this.nodeSectors = nodeSectors;
    this.reconcile = new ReconcileContributions(entrySizes, nodeSectors);
  }

  /**
   * Numbers of the btrees whose leaf keys contribute anything in a filesystem of some version; all
   * pointers to nodes do.
   */
  public static int[] leaves(int version) {
    return (AccountingType.bySnapshotAndBtree(version) ? LEAVES_WITH_SNAPSHOTS : LEAVES).clone();
  }

  /**
   * Tells the sink what the key adds.
   *
   * @param level of the key: 0 for leaf keys, for a pointer to a node one more than the node's
   */
  public void of(Bkey key, int btree, int level, ContributionSink sink) {
    KeyType type = KeyType.of(key.type());
    if (bySnapshotAndBtree && level == 0 && key.snapshot() != 0) {
      snapshotKey(key, type, btree, sink);
    }
    if (type == null) {
      return;
    }
    switch (type) {
      case INODE, INODE_V2, INODE_V3 -> sink.inode();
      case RESERVATION ->
          sink.reserved(Reservation.decode(key).replicas(), Integer.toUnsignedLong(key.size()));
      case EXTENT, REFLINK_V, BTREE_PTR, BTREE_PTR_V2 -> pointers(key, btree, level, sink);
      case STRIPE -> stripe(key, sink);
      default -> {}
    }
  }

  /** Extents count with their data, once that is known. */
  private void snapshotKey(Bkey key, KeyType type, int btree, ContributionSink sink) {
    BtreeId id = BtreeId.of(btree);
    boolean counts =
        id != null
            && id.hasSnapshots()
            && type != KeyType.DELETED
            && type != KeyType.WHITEOUT
            && type != KeyType.EXTENT_WHITEOUT
            && type != KeyType.EXTENT;
    if (counts) {
      long reserved =
          type == KeyType.RESERVATION
              ? Reservation.decode(key).replicas() * Integer.toUnsignedLong(key.size())
              : 0;
      sink.snapshotKey(key.snapshot(), btree, bytes(key), reserved);
    }
  }

  private static long bytes(Bkey key) {
    return Bkey.BYTES + (long) key.valueBytes();
  }

  private void pointers(Bkey key, int btree, int level, ContributionSink sink) {
    reconcile.of(key, level, sink);
    int dataType = level > 0 ? DataType.BTREE.number() : DataType.USER.number();
    deviceCount = 0;
    inStripe = false;
    sectors = 0;
    compression = 0;
    entries.of(key, entrySizes);
    while (entries.nextPtr()) {
      long disk = level > 0 ? nodeSectors : entries.diskSectors();
      if (entries.cached()) {
        cached(disk, sink);
        if (stale(sink)) {
          continue;
        }
      } else {
        dirty(dataType, disk, sink);
      }
      compression(sink);
    }
    if (deviceCount > 0) {
      Arrays.sort(devices, 0, deviceCount);
      sink.replicas(dataType, inStripe ? 0 : 1, devices, deviceCount, sectors);
    }
    if (level == 0 && key.snapshot() != 0) {
      if (bySnapshotAndBtree) {
        sink.snapshotKey(key.snapshot(), btree, bytes(key), sectors);
      } else if (deviceCount > 0) {
        sink.snapshot(key.snapshot(), sectors);
      }
    }
    if (compression != 0) {
      sink.compressed(compression, 1, uncompressed, compressed);
    }
    if (level > 0) {
      sink.node(btree, level > 1, sectors);
    } else {
      sink.extent(key.inode(), Integer.toUnsignedLong(key.size()), sectors);
    }
  }

  private boolean stale(ContributionSink sink) {
    return entries.dev() != ExtentPtr.NO_DEVICE
        && sink.stale(entries.dev(), entries.sector(), entries.gen());
  }

  private void cached(long disk, ContributionSink sink) {
    if (entries.dev() == ExtentPtr.NO_DEVICE || stale(sink)) {
      return;
    }
    one[0] = entries.dev();
    sink.pointer(
        entries.dev(),
        entries.sector(),
        entries.gen(),
        Share.CACHED,
        DataType.CACHED.number(),
        disk);
    sink.replicas(DataType.CACHED.number(), 1, one, 1, disk);
  }

  private void dirty(int dataType, long disk, ContributionSink sink) {
    boolean striped = entries.hasStripe();
    if (entries.dev() != ExtentPtr.NO_DEVICE) {
      int bucketType = striped ? DataType.STRIPE.number() : dataType;
      sink.pointer(
          entries.dev(),
          entries.sector(),
          entries.gen(),
          striped ? Share.STRIPE : Share.DIRTY,
          bucketType,
          disk);
    }
    if (striped) {
      sink.stripeBlock(entries.stripeIdx(), entries.stripeBlock(), dataType, disk);
      inStripe = true;
    } else {
      sectors += disk;
      devices[deviceCount++] = entries.dev();
    }
  }

  /** Runs of pointers with the same compression count as one extent of it. */
  private void compression(ContributionSink sink) {
    int now = entries.crc().compressionType();
    if (compression != 0 && compression != now) {
      sink.compressed(compression, 1, uncompressed, compressed);
      uncompressed = 0;
      compressed = 0;
    } else if (compression == 0) {
      uncompressed = 0;
      compressed = 0;
    }
    compression = now;
    if (now != 0) {
      uncompressed += entries.crc().uncompressedSectors();
      compressed += entries.crc().compressedSectors();
    }
  }

  private void stripe(Bkey key, ContributionSink sink) {
    stripe.of(key);
    reconcile.ofStripe(stripe, sink);
    deviceCount = 0;
    entries.of(key, entrySizes);
    for (int block = 0; block < stripe.blocks() && entries.nextPtr(); block++) {
      boolean parity = block >= stripe.dataBlocks();
      devices[deviceCount++] = entries.dev();
      if (entries.dev() != ExtentPtr.NO_DEVICE) {
        sink.stripeBucket(
            key.offset(),
            block,
            entries.dev(),
            entries.sector(),
            entries.gen(),
            parity,
            parity ? stripe.sectors() : 0);
      }
    }
    Arrays.sort(devices, 0, deviceCount);
    sink.stripe(key.offset(), stripe.dataBlocks(), devices, deviceCount);
    sink.replicas(
        DataType.PARITY.number(),
        stripe.dataBlocks(),
        devices,
        deviceCount,
        (long) stripe.sectors() * stripe.redundant());
  }
}
