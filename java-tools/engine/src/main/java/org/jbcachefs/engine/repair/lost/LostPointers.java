// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.lost;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.Inode;

/**
 * Extents of a btree that can be read as a whole which are gone all the same: backpointers name
 * them, and their inodes count them. Before those backpointers go, keys that say that data is lost
 * are put there.
 */
public final class LostPointers {
  private static final int BATCH = 32;

  private final WritableFilesystem filesystem;
  private final LostListener told;

  /**
   * @param told what is lost
   */
  public LostPointers(WritableFilesystem filesystem, LostListener told) {
    this.told = told;
    this.filesystem = filesystem;
  }

  /**
   * Puts them.
   *
   * @param named backpointers that nothing asks for
   * @return how many
   */
  public long run(NamedExtents named) {
    named.sort();
    if (!named.ready()) {
      return 0;
    }
    List<Bkey> found = new ArrayList<>();
    LostFile file =
        new LostFile(
            filesystem.snapshots(), LostRanges.NONE, FileLimits.of(filesystem.superblock(), true));
    long count = 0;
    while (named.ready()) {
      long inode = named.inode();
      file.begin(inode);
      try {
        versions(inode, file);
        extents(inode, file, named);
        named.rest(inode, file);
        file.end(new Keys(found, told));
      } catch (CorruptionException e) {
        // What cannot be read is for another repair, and what points back there is left to it.
        file.begin(inode);
        named.rest(inode, file);
      }
      if (found.size() >= BATCH) {
        count += put(found);
      }
    }
    return count + put(found);
  }

  private void versions(long inode, LostFile file) {
    Bpos from = new Bpos(0, inode, 0);
    try (KeyIterator keys = iterate(BtreeId.INODES, from, new Bpos(0, inode, -1))) {
      while (keys.next()) {
        if (Inode.is(keys.key())) {
          file.version(Inode.decode(keys.key().copy()));
        }
      }
    }
  }

  private void extents(long inode, LostFile file, NamedExtents named) {
    Bpos from = new Bpos(inode, 0, 0);
    try (KeyIterator keys = iterate(BtreeId.EXTENTS, from, new Bpos(inode, -1, -1))) {
      while (keys.next()) {
        file.extent(keys.key(), named.upTo(keys.key(), file));
      }
    }
  }

  private KeyIterator iterate(BtreeId btree, Bpos from, Bpos to) {
    return filesystem.btrees().iterate(btree.number(), from, to);
  }

  private long put(List<Bkey> found) {
    for (int from = 0; from < found.size(); from += BATCH) {
      List<Bkey> some = List.copyOf(found.subList(from, Math.min(found.size(), from + BATCH)));
      filesystem.transact(
          "fsck",
          transaction -> {
            some.forEach(key -> transaction.update(BtreeId.EXTENTS, key));
            return null;
          });
    }
    long count = found.size();
    found.clear();
    return count;
  }

  private record Keys(List<Bkey> found, LostListener told) implements LostFile.Sink {
    @Override
    public void outdated(Bpos pos) {
      throw new IllegalStateException(pos + ": nothing is doubtful here");
    }

    @Override
    public void lost(long inode, long start, long end, int snapshot) {
      found.add(LostKeys.lost(inode, end, snapshot, end - start));
      told.lost(inode, snapshot, start, end);
    }
  }
}
