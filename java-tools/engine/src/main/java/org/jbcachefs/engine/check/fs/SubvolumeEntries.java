// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * Directory entries that lead to subvolumes: the subvolume that an entry says it is in sees it, and
 * the one that it leads to names that one as its parent, in its key and in its root directory.
 */
final class SubvolumeEntries {
  private final SnapshotFacts facts;
  private final Findings findings;

  SubvolumeEntries(SnapshotFacts facts, Findings findings) {
    this.facts = facts;
    this.findings = findings;
  }

  void check(Bkey key) {
    int parentNumber = (int) (Dirent.target(key) >>> 32);
    int childNumber = (int) Dirent.target(key);
    checkParent(key, parentNumber);
    Subvolume child = facts.subvolumes().get(childNumber);
    if (child == null || child.unlinked()) {
      report(
          FsckError.DIRENT_TO_MISSING_SUBVOL,
          key,
          "it leads to subvolume "
              + name(childNumber)
              + (child == null ? ", which does not exist" : ", which is being deleted"));
      return;
    }
    if (child.fsPathParent() != parentNumber) {
      findings.report(
          CheckFinding.of(
                  FsckError.SUBVOL_FS_PATH_PARENT_WRONG, "parent by the entry that leads to it")
              .at(BtreeId.SUBVOLUMES, Bpos.of(0, Integer.toUnsignedLong(childNumber)))
              .expected(name(parentNumber))
              .found(name(child.fsPathParent())));
    }
    checkRoot(child, parentNumber);
  }

  private void checkParent(Bkey key, int number) {
    Subvolume parent = facts.subvolumes().get(number);
    if (parent == null) {
      report(
          FsckError.DIRENT_TO_MISSING_PARENT_SUBVOL,
          key,
          "it says that it is in subvolume " + name(number) + ", which does not exist");
    } else if (!facts.snapshots().isAncestor(parent.snapshot(), key.snapshot())) {
      report(
          FsckError.DIRENT_NOT_VISIBLE_IN_PARENT_SUBVOL,
          key,
          "it says that it is in subvolume "
              + name(number)
              + ", whose snapshot "
              + name(parent.snapshot())
              + " does not see it");
    }
  }

  private void checkRoot(Subvolume child, int parentNumber) {
    Inode root = facts.rootOf(child);
    if (root != null && root.get(InodeField.PARENT_SUBVOL) != parentNumber) {
      findings.report(
          CheckFinding.of(FsckError.INODE_BI_PARENT_WRONG, "parent subvolume of a subvolume's root")
              .at(BtreeId.INODES, new Bpos(0, root.number(), root.snapshot()))
              .expected(name(parentNumber))
              .found(root.get(InodeField.PARENT_SUBVOL)));
    }
  }

  private void report(FsckError error, Bkey key, String what) {
    findings.report(CheckFinding.of(error, what).at(BtreeId.DIRENTS, key));
  }

  private static String name(int id) {
    return Integer.toUnsignedString(id);
  }
}
