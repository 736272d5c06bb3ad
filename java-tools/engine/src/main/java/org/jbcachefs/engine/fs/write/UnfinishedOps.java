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
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;
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
      truncate(note, LoggedOpTruncate.decode(note));
    } else if (type == KeyType.LOGGED_OP_FINSERT) {
      throw new RefusedException(
          "logged_op_finsert",
          Place.structure("btree logged_ops").at(note.pos()),
          "a file range was being inserted or removed, which this version cannot carry on");
    }
  }

  private void truncate(Bkey note, LoggedOpTruncate op) {
    try {
      InodeId id = new InodeId(op.subvolume(), op.inode());
      contents.finishTruncate(id, op.newSize(), note.offset());
    } catch (PosixException e) {
      if (e.error() != PosixError.ESTALE) {
        throw e;
      }
      // The file is gone, and what it had with it.
      filesystem.transact(
          "truncate",
          transaction -> {
            transaction.delete(BtreeId.LOGGED_OPS, note.pos());
            return null;
          });
    }
  }
}
