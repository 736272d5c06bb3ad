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
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * The end of inodes that have no name: everything they have goes, some keys at a time, and they
 * themselves at last. Source: {@code bch2_inode_rm}, {@code delete_ancestor_snapshot_inodes}.
 */
final class InodeRemoval {
  /** Keys of one transaction. */
  private static final int BATCH = 32;

  private static final List<BtreeId> NAMES = List.of(BtreeId.DIRENTS, BtreeId.XATTRS);

  private final WritableFilesystem filesystem;
  private final ExtentCut cut;

  InodeRemoval(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
    this.cut = new ExtentCut(ExtentEntrySizes.of(filesystem.superblock()::extentTypeU64s));
  }

  /** Removes a file of a subvolume if it still has no name. */
  void remove(InodeId id) {
    Bpos version =
        filesystem
            .transact(
                "inode_rm",
                transaction -> {
                  TreeTransaction tree = new TreeTransaction(filesystem, transaction);
                  return new Bpos(0, id.number(), tree.keys(id.subvolume()).snapshot());
                })
            .value();
    remove(version);
  }

  /** Removes a version of an inode, and then those above it that waited for it. */
  void remove(Bpos version) {
    Bpos at = version;
    while (at != null) {
      Bpos one = at;
      boolean more = true;
      while (more) {
        more = filesystem.transact("inode_rm", transaction -> step(transaction, one)).value();
      }
      at = filesystem.transact("inode_rm", transaction -> above(transaction, one)).value();
    }
  }

  private SnapshotKeys keys(Transaction transaction, int snapshot) {
    SnapshotTable table = filesystem.snapshots();
    return new SnapshotKeys(transaction, table, snapshot);
  }

  /** Deletes some keys, or the inode when there are no others; whether to go on. */
  private boolean step(Transaction transaction, Bpos version) {
    SnapshotKeys keys = keys(transaction, version.snapshot());
    Inode inode = InodeKeys.find(keys, version.offset());
    boolean gone =
        inode != null
            && inode.has(Inode.FLAG_UNLINKED)
            && !(inode.snapshot() == version.snapshot()
                && inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT));
    if (!gone) {
      return false;
    }
    ExtentOverwrite.Done done =
        new ExtentOverwrite(keys, cut).replace(inode.number(), 0, FileContents.END, null, BATCH);
    int left = BATCH - done.overlapped();
    boolean all = done.end() == FileContents.END && left > 0;
    for (BtreeId btree : NAMES) {
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
    return !all;
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
  private Bpos above(Transaction transaction, Bpos version) {
    Inode above = InodeKeys.versionAbove(keys(transaction, version.snapshot()), version);
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
