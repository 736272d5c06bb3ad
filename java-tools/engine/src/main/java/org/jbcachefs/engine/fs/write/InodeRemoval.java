// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.write.ExtentCut;
import org.jbcachefs.engine.data.write.ExtentOverwrite;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * The end of inodes that have no name: everything they have goes, some keys at a time, and they
 * themselves at last. Source: {@code bch2_inode_rm}, {@code delete_ancestor_snapshot_inodes}.
 */
final class InodeRemoval {
  /** Keys of one transaction, those that follow from them not counted. */
  private static final int BATCH = 64;

  /** With fewer than that left no other inode is begun. */
  private static final int FEW = 8;

  private static final List<BtreeId> NAMES = List.of(BtreeId.XATTRS);
  private static final List<BtreeId> NAMES_OF_DIRECTORY = List.of(BtreeId.DIRENTS, BtreeId.XATTRS);

  private final WritableFilesystem filesystem;
  private final ExtentCut cut;

  InodeRemoval(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.cut = new ExtentCut(ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
  }

  /** What a transaction did: so many files are gone, and these versions may go now. */
  private record Removed(int files, List<Bpos> above) {}

  /**
   * Removes files of subvolumes that still have no name, many small ones in one transaction.
   *
   * @throws BcachefsException if some cannot be removed; all others are
   */
  void remove(List<InodeId> ids) {
    int done = 0;
    List<Bpos> above = new ArrayList<>(0);
    try {
      while (done < ids.size()) {
        List<InodeId> left = ids.subList(done, ids.size());
        Removed removed = filesystem.transact("inode_rm", each -> some(each, left)).value();
        done += removed.files();
        above.addAll(removed.above());
      }
    } catch (BcachefsException e) {
      if (ids.size() == 1) {
        throw e;
      }
      removeAlone(ids.subList(done, ids.size()));
    } finally {
      above.forEach(this::remove);
    }
  }

  /** One that cannot be removed keeps no others from it. */
  private void removeAlone(List<InodeId> ids) {
    BcachefsException first = null;
    for (InodeId id : ids) {
      try {
        remove(List.of(id));
      } catch (BcachefsException e) {
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Removes files as long as there are few keys, of the last one perhaps only a part. */
  private Removed some(Transaction transaction, List<InodeId> ids) {
    TreeTransaction tree = new TreeTransaction(filesystem, transaction);
    List<Bpos> waiting = new ArrayList<>(0);
    int files = 0;
    int left = BATCH;
    while (files < ids.size() && left >= FEW) {
      InodeId id = ids.get(files);
      SnapshotKeys keys = tree.keys(id.subvolume());
      Bpos version = new Bpos(0, id.number(), keys.snapshot());
      left = step(keys, version, left);
      if (left >= 0) {
        files++;
        Bpos above = above(keys, version);
        if (above != null) {
          waiting.add(above);
        }
      }
    }
    return new Removed(files, waiting);
  }

  /** Removes a version of an inode, and then those above it that waited for it. */
  void remove(Bpos version) {
    Bpos at = version;
    while (at != null) {
      Bpos one = at;
      boolean more = true;
      while (more) {
        more =
            filesystem
                .transact("inode_rm", each -> step(keys(each, one.snapshot()), one, BATCH) < 0)
                .value();
      }
      at = filesystem.transact("inode_rm", each -> above(keys(each, one.snapshot()), one)).value();
    }
  }

  private SnapshotKeys keys(Transaction transaction, int snapshot) {
    SnapshotTable table = filesystem.snapshots();
    return new SnapshotKeys(transaction, table, snapshot);
  }

  /**
   * Deletes some keys of an inode, and the inode itself when there are no others.
   *
   * @param most keys that it may delete
   * @return how many more it might have; -1 if it has to go on
   */
  private int step(SnapshotKeys keys, Bpos version, int most) {
    Inode inode = InodeKeys.find(keys, version.offset());
    boolean gone =
        inode != null
            && inode.has(Inode.FLAG_UNLINKED)
            && !(inode.snapshot() == version.snapshot()
                && inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT));
    if (!gone) {
      return most;
    }
    ExtentOverwrite.Done done =
        new ExtentOverwrite(keys, cut).replace(inode.number(), 0, FileContents.END, null, most);
    int left = most - done.overlapped();
    boolean all = done.end() == FileContents.END && left > 0;
    for (BtreeId btree : inode.isDirectory() ? NAMES_OF_DIRECTORY : NAMES) {
      List<Bpos> some = some(keys, btree, inode.number(), left);
      some.forEach(pos -> keys.delete(btree, pos.inode(), pos.offset()));
      left -= some.size();
      all &= left > 0;
    }
    if (all) {
      InodeKeys.delete(keys, version);
    } else if (done.overlapped() > 0) {
      long sectors = inode.sectors() + done.sectors();
      InodeKeys.put(keys, new InodeBuilder(inode).set(InodeField.SECTORS, sectors).build());
    }
    return all ? left - 1 : -1;
  }

  private static List<Bpos> some(SnapshotKeys keys, BtreeId btree, long number, int most) {
    List<Bpos> found = new ArrayList<>();
    Bpos from = Bpos.of(number, 0);
    try (KeyIterator all = keys.visible(btree, from, new Bpos(number, -1, 0))) {
      while (found.size() < most && all.next()) {
        Bkey key = all.key();
        found.add(key.pos());
      }
    }
    return found;
  }

  /** A version above that has no name and nothing below it any more, or null. */
  private static Bpos above(SnapshotKeys keys, Bpos version) {
    Inode above = keys.hasAncestors() ? InodeKeys.versionAbove(keys, version) : null;
    boolean gone =
        above != null
            && above.has(Inode.FLAG_UNLINKED)
            && !above.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
    return gone ? new Bpos(0, above.number(), above.snapshot()) : null;
  }

  /** Since 1.39 roots of deleted subvolumes are listed too, and go with their snapshots. */
  private boolean isOfSubvolume(Bpos version) {
    Bkey key = new Bkey();
    return filesystem.btrees().lookup(BtreeId.INODES.number(), version, key)
        && Inode.is(key)
        && Inode.decode(key).get(InodeField.SUBVOL) != 0;
  }

  /** Removes all that were without a name when the filesystem was left, by a crash. */
  void removeAll() {
    List<Bpos> listed = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.DELETED_INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        listed.add(keys.key().pos());
      }
    }
    listed.removeIf(this::isOfSubvolume);
    listed.forEach(this::remove);
  }
}
