// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;

/**
 * A file that counts exactly as many sectors more than it has as there are in its holes: what was
 * there is lost, and nothing but the count knew of it.
 */
public final class LostHoles {
  private LostHoles() {}

  /**
   * Puts keys that say so.
   *
   * @param told what is lost
   * @return whether that is how it is with this version of the file
   */
  public static boolean mark(
      WritableFilesystem filesystem, Transaction transaction, Inode version, LostListener told) {
    return !version.isDirectory()
        && file(filesystem, transaction, version)
            .endExact(version, holes -> holes, new Put(transaction, told));
  }

  /** What there is of the file of that version, all of it sure. */
  static LostFile file(WritableFilesystem filesystem, Transaction transaction, Inode version) {
    LostFile file =
        new LostFile(
            filesystem.snapshots(), LostRanges.ALL, FileLimits.of(filesystem.superblock(), true));
    long inode = version.number();
    file.begin(inode);
    file.version(version);
    try (KeyIterator keys =
        transaction.iterate(BtreeId.EXTENTS, new Bpos(inode, 0, 0), new Bpos(inode, -1, -1))) {
      while (keys.next()) {
        file.extent(keys.key(), true);
      }
    }
    return file;
  }

  /** Puts such keys. */
  record Put(Transaction transaction, LostListener told) implements LostFile.Sink {
    @Override
    public void outdated(Bpos pos) {
      throw new IllegalStateException(pos + ": nothing is doubtful here");
    }

    @Override
    public void lost(long inode, long start, long end, int snapshot) {
      transaction.update(BtreeId.EXTENTS, LostKeys.lost(inode, end, snapshot, end - start));
      told.lost(inode, snapshot, start, end);
    }
  }
}
