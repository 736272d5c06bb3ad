// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
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
    if (version.isDirectory()) {
      return false;
    }
    LostFile file = file(filesystem, transaction, version);
    return file.endExact(
        version, holes -> holes, put(filesystem, transaction, file, version, told));
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

  /** What puts keys that say so; versions below that have all that they count do not see them. */
  static LostFile.Sink put(
      WritableFilesystem filesystem,
      Transaction transaction,
      LostFile file,
      Inode version,
      LostListener told) {
    SnapshotTable table = filesystem.snapshots();
    List<Integer> sound = new ArrayList<>();
    Bpos from = new Bpos(0, version.number(), 0);
    Bpos to = new Bpos(0, version.number(), version.snapshot()).predecessor();
    try (KeyIterator keys = transaction.iterate(BtreeId.INODES, from, to)) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean below = Inode.is(key) && table.isAncestor(key.snapshot(), version.snapshot());
        if (below && file.missing(Inode.decode(key)) == 0) {
          sound.add(key.snapshot());
        }
      }
    }
    return new Put(transaction, table, sound, told);
  }

  /**
   * Puts such keys.
   *
   * @param sound snapshots that must not see them
   */
  private record Put(
      Transaction transaction, SnapshotTable table, List<Integer> sound, LostListener told)
      implements LostFile.Sink {
    @Override
    public void outdated(Bpos pos) {
      throw new IllegalStateException(pos + ": nothing is doubtful here");
    }

    @Override
    public void lost(long inode, long start, long end, int snapshot) {
      transaction.update(BtreeId.EXTENTS, LostKeys.lost(inode, end, snapshot, end - start));
      sound.forEach(below -> hide(new Bpos(inode, end, snapshot), below));
      told.lost(inode, snapshot, start, end);
    }

    /** A whiteout hides the key that ends there, if nothing else does. */
    private void hide(Bpos pos, int below) {
      boolean hidden =
          Arrays.stream(table.lineage(below))
              .takeWhile(snapshot -> snapshot != pos.snapshot())
              .mapToObj(snapshot -> new Bpos(pos.inode(), pos.offset(), snapshot))
              .anyMatch(there -> transaction.lookup(BtreeId.EXTENTS, there, new Bkey()));
      if (!hidden) {
        Bpos there = new Bpos(pos.inode(), pos.offset(), below);
        transaction.update(
            BtreeId.EXTENTS, new Bkey().setPos(there).setType(KeyType.WHITEOUT.number()));
      }
    }
  }
}
