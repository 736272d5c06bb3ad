// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.value.ReflinkP;

/**
 * A reference to shared extents some of which are not there. What is only in its pads is taken out
 * of them; what it shows is parted into what is there, which can be read as before, and what is
 * missing, which is marked as lost.
 */
final class LostReference {
  /** Parts in one transaction; of a longer list the next round mends the rest. */
  private static final int MOST_PARTS = 32;

  private final Transaction transaction;
  private final ExtentCut cut;

  LostReference(RepairContext context, Transaction transaction) {
    Superblock superblock = context.filesystem().superblock();
    this.transaction = transaction;
    this.cut = new ExtentCut(ExtentEntrySizes.of(superblock::extentTypeU64s));
  }

  /** Sectors of the reflink btree: whether there is a shared extent. */
  private record Part(long start, long end, boolean there) {}

  /** Mends the reference at that place of the extents btree, if there is one. */
  void mend(Bpos pos) {
    Bkey key = new Bkey();
    if (!transaction.lookup(BtreeId.EXTENTS, pos, key)
        || key.type() != KeyType.REFLINK_P.number()
        || key.valueBytes() < ReflinkP.BYTES) {
      return;
    }
    Bkey whole = key.copy();
    ReflinkP reference = ReflinkP.decode(whole);
    if (reference.error()) {
      return;
    }
    long size = Integer.toUnsignedLong(whole.size());
    long first = reference.index();
    long front = first - Integer.toUnsignedLong(reference.frontPad());
    long back = first + size + Integer.toUnsignedLong(reference.backPad());
    List<Part> parts = parts(Math.max(0, front), back);
    int at = 0;
    int begun = 0;
    while (at < parts.size() && parts.get(at).end() <= first) {
      at++;
    }
    for (; at < parts.size() && parts.get(at).start() < first + size; at++) {
      Part part = parts.get(at);
      boolean last = ++begun == MOST_PARTS;
      long from = Math.max(first, part.start());
      long to = last ? first + size : Math.min(first + size, part.end());
      Bkey piece =
          cut.back(cut.front(whole, whole.start() + from - first), whole.start() + to - first);
      long before = part.there() ? from - part.start() : 0;
      long behind = part.there() ? Math.max(0, part.end() - to) : 0;
      put(piece, before, behind, part.there() || last);
      if (last) {
        break;
      }
    }
  }

  private void put(Bkey piece, long front, long back, boolean there) {
    long at = piece.valueOffset();
    long word = Le.u64(piece.segment(), at + ReflinkP.OFFSET_INDEX_AND_FLAGS);
    long marked = ReflinkP.ERROR.set(word, there ? 0 : 1);
    Le.putU64(piece.segment(), at + ReflinkP.OFFSET_INDEX_AND_FLAGS, marked);
    Le.putU32(piece.segment(), at + ReflinkP.OFFSET_FRONT_PAD, (int) front);
    Le.putU32(piece.segment(), at + ReflinkP.OFFSET_BACK_PAD, (int) back);
    transaction.update(BtreeId.EXTENTS, piece);
  }

  /** A range of the reflink btree, in parts that are there as a whole or missing as a whole. */
  private List<Part> parts(long start, long end) {
    List<Part> parts = new ArrayList<>();
    long at = start;
    try (KeyIterator keys =
        transaction.iterate(BtreeId.REFLINK, Bpos.of(0, start + 1), new Bpos(0, -1, -1))) {
      while (at < end && keys.next() && keys.key().start() < end) {
        int type = keys.key().type();
        long from = Math.max(at, keys.key().start());
        long to = Math.min(end, keys.key().offset());
        boolean indirect =
            type == KeyType.REFLINK_V.number() || type == KeyType.INDIRECT_INLINE_DATA.number();
        if (indirect && to > from) {
          add(parts, at, from, false);
          add(parts, from, to, true);
          at = to;
        }
      }
    }
    add(parts, at, end, false);
    return parts;
  }

  private static void add(List<Part> parts, long start, long end, boolean there) {
    if (start >= end) {
      return;
    }
    Part last = parts.isEmpty() ? null : parts.getLast();
    if (last != null && last.there() == there) {
      parts.set(parts.size() - 1, new Part(last.start(), end, there));
    } else {
      parts.add(new Part(start, end, there));
    }
  }
}
