// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Backpointer;

/**
 * From pointers to the backpointers they have: one for each, cached ones included. Source: {@code
 * bch2_extent_ptr_to_bp}. Belongs to one thread.
 */
final class Backpointers {
  private static final int BTREE = BtreeId.BACKPOINTERS.number();

  private final ExtentEntries entries = new ExtentEntries();
  private final ExtentEntrySizes entrySizes;
  private final long nodeSectors;
  private final int shift;
  private final BucketGeometry geometry;

  Backpointers(ExtentEntrySizes entrySizes, long nodeSectors, int shift, BucketGeometry geometry) {
    this.entrySizes = entrySizes;
    this.nodeSectors = nodeSectors;
    this.geometry = geometry;
    this.shift = shift;
  }

  /**
   * Adds the backpointers of a key, or takes them away.
   *
   * @param work the list of background work that an extent is on
   */
  void of(Bkey key, int btree, int level, int work, KeyAccess keys, boolean add) {
    KeyType type = KeyType.of(key.type());
    boolean pointers =
        type == KeyType.EXTENT
            || type == KeyType.REFLINK_V
            || type == KeyType.BTREE_PTR
            || type == KeyType.BTREE_PTR_V2;
    if (!pointers) {
      return;
    }
    entries.of(key, entrySizes);
    while (entries.nextPtr()) {
      if (entries.dev() == ExtentPtr.NO_DEVICE) {
        continue;
      }
      Bpos pos = Bpos.of(entries.dev(), (entries.sector() << shift) + entries.crc().offset());
      int listed = level == 0 && geometry.isRotational(entries.dev()) ? work : 0;
      listed = listed == ExtentReconcile.WORK_PENDING ? 0 : listed;
      ReconcileLists.place(keys, pos, listed, add);
      if (add) {
        keys.set(BTREE, backpointer(key, btree, level, pos, listed));
      } else if (!keys.isSet(BTREE, pos)) {
        // Else another key points there from now on: a piece of this one.
        keys.delete(BTREE, pos);
      }
    }
  }

  private Bkey backpointer(Bkey key, int btree, int level, Bpos pos, int listed) {
    boolean striped = level == 0 && entries.hasStripe();
    long sectors = level > 0 ? nodeSectors : entries.diskSectors();
    MemorySegment value = MemorySegment.ofArray(new long[Backpointer.BYTES / Long.BYTES]);
    Le.putU8(value, Backpointer.OFFSET_BTREE, btree);
    Le.putU8(value, Backpointer.OFFSET_LEVEL, level);
    Le.putU8(value, Backpointer.OFFSET_DATA_TYPE, dataType(level, striped).number());
    Le.putU8(value, Backpointer.OFFSET_BUCKET_GENERATION, entries.gen());
    long flags = Backpointer.FLAG_RECONCILE_PHYS.set(0, listed);
    flags = Backpointer.FLAG_ERASURE_CODED.set(flags, striped ? 1 : 0);
    Le.putU32(value, Backpointer.OFFSET_FLAGS, (int) flags);
    Le.putU32(value, Backpointer.OFFSET_BUCKET_SECTORS, (int) sectors);
    Le.putU32(value, Backpointer.OFFSET_POS_SNAPSHOT, key.snapshot());
    Le.putU64(value, Backpointer.OFFSET_POS_OFFSET, key.offset());
    Le.putU64(value, Backpointer.OFFSET_POS_INODE, key.inode());
    Bkey made = new Bkey().setPos(pos).setType(KeyType.BACKPOINTER.number());
    return made.setValue(value, 0, Backpointer.BYTES);
  }

  private DataType dataType(int level, boolean striped) {
    if (level > 0) {
      return DataType.BTREE;
    }
    return striped ? DataType.STRIPE : entries.cached() ? DataType.CACHED : DataType.USER;
  }
}
