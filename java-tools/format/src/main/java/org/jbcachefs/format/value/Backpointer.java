// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.BitRange;

/**
 * From a device sector to the key that points there. The key is (device, sector shifted left by
 * extent_bp_shift). Source: {@code struct bch_backpointer}.
 *
 * @param btree of the key pointed back to
 * @param level of that key
 * @param flags see the FLAG_ ranges
 * @param bucketSectors sectors used there
 */
public record Backpointer(
    int btree,
    int level,
    int dataType,
    int bucketGeneration,
    int flags,
    int bucketSectors,
    int posSnapshot,
    long posOffset,
    long posInode,
    Shape shape)
    implements Value {
  public static final int BYTES = 32;
  public static final int OFFSET_BTREE = 0;
  public static final int OFFSET_LEVEL = 1;
  public static final int OFFSET_DATA_TYPE = 2;
  public static final int OFFSET_BUCKET_GENERATION = 3;
  public static final int OFFSET_FLAGS = 4;
  public static final int OFFSET_BUCKET_SECTORS = 8;
  public static final int OFFSET_POS_SNAPSHOT = 12;
  public static final int OFFSET_POS_OFFSET = 16;
  public static final int OFFSET_POS_INODE = 24;

  public static Backpointer decode(Bkey key) {
    return new Backpointer(
        Shape.u8(key, OFFSET_BTREE),
        Shape.u8(key, OFFSET_LEVEL),
        Shape.u8(key, OFFSET_DATA_TYPE),
        Shape.u8(key, OFFSET_BUCKET_GENERATION),
        Shape.u32(key, OFFSET_FLAGS),
        Shape.u32(key, OFFSET_BUCKET_SECTORS),
        Shape.u32(key, OFFSET_POS_SNAPSHOT),
        Shape.u64(key, OFFSET_POS_OFFSET),
        Shape.u64(key, OFFSET_POS_INODE),
        Shape.of(key));
  }

  /** Which physical reconcile work list it is on. */
  public static final BitRange FLAG_RECONCILE_PHYS = new BitRange(0, 2);

  public static final BitRange FLAG_ERASURE_CODED = new BitRange(2, 3);
  public static final BitRange FLAG_STRIPE_PTR = new BitRange(3, 4);

  /** Position of the key pointed back to. */
  public Bpos pos() {
    return new Bpos(posInode, posOffset, posSnapshot);
  }

  public int reconcilePhys() {
    return FLAG_RECONCILE_PHYS.getInt(flags);
  }

  public boolean stripePtr() {
    return FLAG_STRIPE_PTR.isSet(flags);
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU8(out, at, OFFSET_BTREE, btree);
    shape.putU8(out, at, OFFSET_LEVEL, level);
    shape.putU8(out, at, OFFSET_DATA_TYPE, dataType);
    shape.putU8(out, at, OFFSET_BUCKET_GENERATION, bucketGeneration);
    shape.putU32(out, at, OFFSET_FLAGS, flags);
    shape.putU32(out, at, OFFSET_BUCKET_SECTORS, bucketSectors);
    shape.putU32(out, at, OFFSET_POS_SNAPSHOT, posSnapshot);
    shape.putU64(out, at, OFFSET_POS_OFFSET, posOffset);
    shape.putU64(out, at, OFFSET_POS_INODE, posInode);
  }
}
