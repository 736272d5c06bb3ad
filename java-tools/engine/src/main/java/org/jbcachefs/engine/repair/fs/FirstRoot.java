// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/** The first subvolume's root has a number of its own, since that is what is mounted. */
final class FirstRoot {
  private FirstRoot() {}

  /** Whether an inode with another number says to be it: it is an ordinary directory. */
  static boolean isWronglySaid(Inode inode) {
    return inode.number() != Inode.ROOT && inode.get(InodeField.SUBVOL) == Subvolume.ROOT;
  }

  /**
   * If that inode is the first subvolume's root, and says so, the subvolume says so as well.
   *
   * @return false if it is not, or nothing had to be changed
   */
  static boolean restore(RepairContext context, Transaction transaction, Inode inode) {
    Subvolume first = context.filesystem().subvolumes().get(Subvolume.ROOT);
    boolean is =
        inode.number() == Inode.ROOT
            && inode.isDirectory()
            && inode.get(InodeField.SUBVOL) == Subvolume.ROOT
            && first != null
            && first.inode() != Inode.ROOT
            && context.filesystem().snapshots().isAncestor(first.snapshot(), inode.snapshot());
    if (is) {
      Subvolume changed = first.withInode(Inode.ROOT);
      MemorySegment value = MemorySegment.ofArray(new long[changed.bytes() / Long.BYTES]);
      changed.encode(value, 0);
      Bkey key = new Bkey().setPos(Bpos.of(0, Subvolume.ROOT)).setType(KeyType.SUBVOLUME.number());
      transaction.update(BtreeId.SUBVOLUMES, key.setValue(value, 0, changed.bytes()));
    }
    return is;
  }
}
