// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.ReflinkP;

/**
 * References to indirect extents: each extent that a pointer covers any part of counts it once, and
 * the pointer's pads remember how far those extents reached. An extent that nobody refers to goes.
 * Source: {@code bch2_trigger_reflink_p}.
 */
public final class ReflinkReferences {
  private ReflinkReferences() {}

  /** Counts a new pointer, and sets its pads; before it is put into the btree. */
  public static void add(Transaction transaction, Bkey pointer) {
    long index = ReflinkP.INDEX.get(word(pointer));
    long end = index + Integer.toUnsignedLong(pointer.size());
    long at = index;
    long front = 0;
    long back = 0;
    for (Bkey extent : covered(transaction, index, end)) {
      if (extent.start() > at) {
        break;
      }
      count(transaction, extent, 1);
      front = Math.max(front, index - extent.start());
      back = Math.max(back, extent.offset() - end);
      at = extent.offset();
    }
    if (at < end) {
      throw new LostDataException(
          Place.structure("btree extents").at(pointer.pos()),
          "the indirect extent at reflink sector " + at + " is missing");
    }
    MemorySegment value = pointer.segment();
    Le.putU32(value, pointer.valueOffset() + ReflinkP.OFFSET_FRONT_PAD, (int) front);
    Le.putU32(value, pointer.valueOffset() + ReflinkP.OFFSET_BACK_PAD, (int) back);
  }

  /** A pointer that was in the btree is there no more. */
  public static void remove(Transaction transaction, Bkey pointer) {
    ReflinkP value = ReflinkP.decode(pointer);
    long index = value.index();
    long start = index - Integer.toUnsignedLong(value.frontPad());
    long end =
        index + Integer.toUnsignedLong(pointer.size()) + Integer.toUnsignedLong(value.backPad());
    for (Bkey extent : covered(transaction, start, end)) {
      count(transaction, extent, -1);
    }
  }

  private static long word(Bkey pointer) {
    return Le.u64(pointer.segment(), pointer.valueOffset() + ReflinkP.OFFSET_INDEX_AND_FLAGS);
  }

  /** Indirect extents that have a part in a range. */
  private static List<Bkey> covered(Transaction transaction, long start, long end) {
    List<Bkey> found = new ArrayList<>();
    Bpos from = Bpos.of(0, start + 1);
    try (KeyIterator keys =
        transaction.iterate(BtreeId.REFLINK, from, new Bpos(0, Long.MAX_VALUE, 0))) {
      while (keys.next() && keys.key().start() < end) {
        int type = keys.key().type();
        boolean indirect =
            type == KeyType.REFLINK_V.number() || type == KeyType.INDIRECT_INLINE_DATA.number();
        if (indirect) {
          found.add(keys.key().copy());
        }
      }
    }
    return found;
  }

  private static void count(Transaction transaction, Bkey extent, long by) {
    long references = Le.u64(extent.segment(), extent.valueOffset()) + by;
    if (references <= 0) {
      transaction.delete(BtreeId.REFLINK, extent.pos());
    } else {
      Le.putU64(extent.segment(), extent.valueOffset(), references);
      transaction.update(BtreeId.REFLINK, extent);
    }
  }
}
