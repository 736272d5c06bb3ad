// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Subvolume;

/** What must hold of each version of an inode, its names and contents left out. */
final class InodeRules {
  private final CheckContext context;
  private final SnapshotFacts facts;
  private final Findings findings;
  private final boolean directoriesHaveSizes;
  private final boolean clean;
  private final long lastSeq;

  InodeRules(CheckContext context, SnapshotFacts facts, FindingsByPass byPass) {
    this.context = context;
    this.facts = facts;
    this.findings = byPass.of(RecoveryPass.CHECK_INODES);
    this.directoriesHaveSizes = context.since(MetadataVersion.DIRECTORY_SIZE) && !sizesAreGone();
    this.clean = context.filesystem().journal().clean();
    this.lastSeq = context.filesystem().journal().lastSeq();
  }

  /** The version that gave directories a size was soon undone again. */
  private boolean sizesAreGone() {
    return context.since(MetadataVersion.EXTENT_SNAPSHOT_WHITEOUTS);
  }

  /**
   * Looks at one version.
   *
   * @param onDeletedList whether it is on the list of deleted inodes
   */
  void check(InodeGroup group, int index, boolean onDeletedList) {
    InodeVersion version = group.get(index);
    checkHash(group, index);
    checkFlags(group, index, onDeletedList);
    if (version.isDirectory() && version.size != 0 && !directoriesHaveSizes) {
      report(
          FsckError.INODE_DIR_HAS_NONZERO_I_SIZE, version, "size of a directory", 0, version.size);
    }
    if (version.isInode && version.size < 0) {
      findings.report(CheckFinding.of(sizeTooLarge(version)));
    }
    if (Long.compareUnsigned(version.journalSeq, lastSeq) > 0) {
      report(
          FsckError.INODE_JOURNAL_SEQ_IN_FUTURE,
          version,
          "journal sequence number",
          "at most " + lastSeq,
          Long.toUnsignedString(version.journalSeq));
    }
    checkSubvolume(version);
  }

  /** Versions of an inode have the same hash, or lookups in one would miss what another wrote. */
  private void checkHash(InodeGroup group, int index) {
    InodeVersion version = group.get(index);
    if (version.strHash >= StrHash.TYPES) {
      return;
    }
    for (int above = group.replaced(index); above >= 0; above = group.replaced(above)) {
      InodeVersion older = group.get(above);
      boolean differs =
          older.isInode && (older.strHash != version.strHash || older.hashSeed != version.hashSeed);
      if (differs) {
        report(
            FsckError.INODE_SNAPSHOT_MISMATCH,
            version,
            "hash of names, as in snapshot " + Integer.toUnsignedString(older.snapshot),
            hash(older),
            hash(version));
        return;
      }
    }
  }

  private static String hash(InodeVersion version) {
    return StrHash.nameOf(version.strHash) + " " + Long.toHexString(version.hashSeed);
  }

  private void checkFlags(InodeGroup group, int index, boolean onDeletedList) {
    InodeVersion version = group.get(index);
    boolean flag = version.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
    boolean children = group.hasChildSnapshots(index);
    boolean certain = !flag || children || !group.mayLoseChildren(index);
    if (flag != children && certain && !group.damaged(context)) {
      report(
          FsckError.INODE_HAS_CHILD_SNAPSHOTS_WRONG,
          version,
          "flag for versions in descendants' snapshots",
          children,
          flag);
    }
    if (version.unlinked() && version.hasBackpointer()) {
      report(
          FsckError.INODE_UNLINKED_BUT_HAS_DIRENT,
          version,
          "it is marked unlinked but names a directory entry");
    }
    if (version.unlinked() && version.isDirectory() && version.nlink != 0) {
      report(
          FsckError.INODE_UNLINKED_BUT_NLINK_NONZERO,
          version,
          "link count of an unlinked directory",
          0,
          version.nlink);
    }
    if (version.unlinked() && !flag && !onDeletedList && isListWhole(version)) {
      report(
          FsckError.UNLINKED_INODE_NOT_ON_DELETED_LIST,
          version,
          "it is unlinked but not on the list of deleted inodes");
    }
    if (clean && version.has(Inode.FLAG_I_SIZE_DIRTY)) {
      report(
          FsckError.INODE_I_SIZE_DIRTY_BUT_CLEAN,
          version,
          "the filesystem is clean, but the inode says that its size may be wrong");
    }
    if (clean && version.has(Inode.FLAG_I_SECTORS_DIRTY)) {
      report(
          FsckError.INODE_I_SECTORS_DIRTY_BUT_CLEAN,
          version,
          "the filesystem is clean, but the inode says that its sector count may be wrong");
    }
  }

  private boolean isListWhole(InodeVersion version) {
    return !context
        .damaged()
        .mayLack(BtreeId.DELETED_INODES.number(), version.pos(), version.pos());
  }

  private void checkSubvolume(InodeVersion version) {
    boolean inOther = version.subvolume != 0 && version.subvolume != Subvolume.ROOT;
    if (version.parentSubvolume != 0 && !inOther) {
      report(
          FsckError.INODE_BI_PARENT_NONZERO,
          version,
          "parent subvolume of what is no other subvolume's root",
          0,
          version.parentSubvolume);
    }
    if (version.subvolume == 0) {
      return;
    }
    if (!version.isDirectory()) {
      report(
          FsckError.INODE_SUBVOL_ROOT_BUT_NOT_DIR,
          version,
          "root of subvolume " + version.subvolume,
          "a directory",
          "mode 0" + Integer.toOctalString(version.mode));
    }
    if (!facts.isLeaf(version.snapshot)) {
      return;
    }
    Subvolume subvolume = facts.subvolumes().get((int) version.subvolume);
    if (subvolume == null) {
      report(
          FsckError.INODE_BI_SUBVOL_MISSING,
          version,
          "it is the root of subvolume " + version.subvolume + ", which does not exist");
    } else if (subvolume.inode() != version.number
        || !facts.snapshots().isAncestor(subvolume.snapshot(), version.snapshot)) {
      report(
          FsckError.INODE_BI_SUBVOL_WRONG,
          version,
          "root of the subvolume " + version.subvolume + " that it says it is the root of",
          Long.toUnsignedString(version.number)
              + " in snapshot "
              + Integer.toUnsignedString(version.snapshot),
          Long.toUnsignedString(subvolume.inode())
              + " in snapshot "
              + Integer.toUnsignedString(subvolume.snapshot()));
    }
  }

  private static Finding sizeTooLarge(InodeVersion version) {
    return new Finding(
        CheckFiles.SIZE_TOO_LARGE,
        Place.structure("btree " + BtreeId.INODES).at(version.pos()),
        "size, expected at most "
            + Long.MAX_VALUE
            + ", found "
            + Long.toUnsignedString(version.size));
  }

  private void report(FsckError error, InodeVersion version, String what) {
    findings.report(CheckFinding.of(error, what).at(BtreeId.INODES, version.pos()));
  }

  private void report(
      FsckError error, InodeVersion version, String what, Object expected, Object found) {
    findings.report(
        CheckFinding.of(error, what)
            .at(BtreeId.INODES, version.pos())
            .expected(expected)
            .found(found));
  }
}
