// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.LoggedOpFinsert;
import org.jbcachefs.format.value.LoggedOpTruncate;

/** Operations of several transactions that a crash interrupted: they are carried on. */
final class UnfinishedOps {
  private final WritableFilesystem filesystem;
  private final FileContents contents;

  UnfinishedOps(WritableFilesystem filesystem, FileContents contents) {
    this.filesystem = filesystem;
    this.contents = contents;
  }

  void finish() {
    List<Bkey> notes = new ArrayList<>();
    Bpos from = Bpos.of(LoggedOps.NOTES, 0);
    try (KeyIterator keys =
        filesystem
            .btrees()
            .iterate(BtreeId.LOGGED_OPS.number(), from, new Bpos(LoggedOps.NOTES, -1, -1))) {
      while (keys.next()) {
        notes.add(keys.key().copy());
      }
    }
    notes.forEach(this::finish);
  }

  private void finish(Bkey note) {
    KeyType type = KeyType.of(note.type());
    if (type == KeyType.LOGGED_OP_TRUNCATE) {
      LoggedOpTruncate op = LoggedOpTruncate.decode(note);
      InodeId id = new InodeId(op.subvolume(), op.inode());
      finish(note, () -> contents.finishTruncate(id, op.newSize(), note.offset()));
    } else if (type == KeyType.LOGGED_OP_FINSERT) {
      finish(note, () -> contents.finishShift(LoggedOpFinsert.decode(note), note.offset()));
    }
  }

  private void finish(Bkey note, Runnable work) {
    try {
      work.run();
    } catch (PosixException e) {
      if (e.error() != PosixError.ESTALE) {
        throw e;
      }
      // The file is gone, and what it had with it.
      filesystem.transact(
          "logged_op_finish",
          transaction -> {
            transaction.delete(BtreeId.LOGGED_OPS, note.pos());
            return null;
          });
    }
  }
}
