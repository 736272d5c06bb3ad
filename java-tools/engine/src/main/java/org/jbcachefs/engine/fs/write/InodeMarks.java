// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.write.SnapshotKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.Xattr;

/**
 * The flags with which inodes say, since 1.39, whether they have options and ACLs of their own. All
 * versions of an inode are looked at, each by what its snapshot sees.
 */
public final class InodeMarks {
  private static final int BATCH = 64;

  private static final int ALL =
      Inode.FLAG_HAS_INODE_OPTS | Inode.FLAG_HAS_ACCESS_ACL | Inode.FLAG_HAS_DEFAULT_ACL;

  private final WritableFilesystem filesystem;

  public InodeMarks(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** Makes them right in all inodes. */
  public void refreshAll() {
    Set<Long> withAcls = withAcls(filesystem.btrees());
    List<Bpos> wrong = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (Inode.is(key) && mayBeWrong(Inode.decode(key), withAcls)) {
          wrong.add(key.pos());
        }
        if (wrong.size() == BATCH) {
          refresh(wrong);
          wrong.clear();
        }
      }
    }
    refresh(wrong);
  }

  private static Set<Long> withAcls(Btrees btrees) {
    Set<Long> numbers = new HashSet<>();
    try (KeyIterator keys = btrees.iterate(BtreeId.XATTRS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean acl = key.type() == KeyType.XATTR.number() && isAcl(Xattr.decode(key).type());
        if (acl) {
          numbers.add(key.inode());
        }
      }
    }
    return numbers;
  }

  private static boolean isAcl(int type) {
    return type == Xattr.TYPE_POSIX_ACL_ACCESS || type == Xattr.TYPE_POSIX_ACL_DEFAULT;
  }

  private static boolean mayBeWrong(Inode inode, Set<Long> withAcls) {
    int without = inode.hasOptions() ? Inode.FLAG_HAS_INODE_OPTS : 0;
    return withAcls.contains(inode.number()) || (inode.flags() & ALL) != without;
  }

  /** Makes them right in those versions. */
  public void refresh(List<Bpos> versions) {
    List<Bpos> batch = List.copyOf(versions);
    filesystem.transact(
        "inode_flags",
        transaction -> {
          batch.forEach(pos -> refresh(transaction, pos));
          return null;
        });
  }

  private void refresh(Transaction transaction, Bpos pos) {
    Inode inode = InodeKeys.version(transaction, pos);
    if (inode == null) {
      return;
    }
    SnapshotKeys keys = new SnapshotKeys(transaction, filesystem.snapshots(), pos.snapshot());
    int wanted = new XattrKeys(keys, inode).aclFlags();
    wanted |= inode.hasOptions() ? Inode.FLAG_HAS_INODE_OPTS : 0;
    if ((inode.flags() & ALL) != wanted) {
      InodeBuilder changed = new InodeBuilder(inode).flags((inode.flags() & ~ALL) | wanted);
      transaction.update(BtreeId.INODES, changed.toKey());
    }
  }
}
