// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.LoggedOpFinsert;
import org.jbcachefs.format.value.LoggedOpTruncate;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Value;

/**
 * Notes of operations that take several transactions: should there be a crash between them, whoever
 * opens the filesystem next carries on. Source: {@code bch2_logged_op_start}.
 */
final class LoggedOps {
  /** Where the notes are in the logged_ops btree; other keys of it are cursors. */
  static final long NOTES = 0;

  /** Notes a truncation; the note's number. */
  long startTruncate(TreeTransaction tree, InodeId id, long newSize) {
    LoggedOpTruncate op =
        new LoggedOpTruncate(
            id.subvolume(), id.number(), newSize, Shape.of(LoggedOpTruncate.BYTES));
    long number = free(tree.transaction());
    put(tree, number, KeyType.LOGGED_OP_TRUNCATE, op);
    return number;
  }

  /** Notes that a part of a file is moved up or down; the note's number. */
  long startShift(TreeTransaction tree, LoggedOpFinsert op) {
    long number = free(tree.transaction());
    shiftAt(tree, number, op);
    return number;
  }

  /** Notes how far that has come. */
  void shiftAt(TreeTransaction tree, long number, LoggedOpFinsert op) {
    put(tree, number, KeyType.LOGGED_OP_FINSERT, op);
  }

  private static void put(TreeTransaction tree, long number, KeyType type, Value op) {
    MemorySegment value = MemorySegment.ofArray(new long[op.bytes() / Long.BYTES]);
    op.encode(value, 0);
    tree.transaction()
        .update(
            BtreeId.LOGGED_OPS,
            new Bkey()
                .setPos(NOTES, number, 0)
                .setType(type.number())
                .setValue(value, 0, op.bytes()));
  }

  private static long free(Transaction transaction) {
    long number = 1;
    Bpos from = Bpos.of(NOTES, 1);
    try (KeyIterator keys =
        transaction.iterate(BtreeId.LOGGED_OPS, from, new Bpos(NOTES, -1, -1))) {
      while (keys.next() && keys.key().offset() == number) {
        number++;
      }
    }
    return number;
  }

  /** The operation is done. */
  void finish(TreeTransaction tree, long number) {
    tree.transaction().delete(BtreeId.LOGGED_OPS, Bpos.of(NOTES, number));
  }
}
