// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Subvolume;

/**
 * What the directory entries that lead to an inode mean for it, once all are known: it names one of
 * them, has as many links as there are, and can be reached.
 */
final class NameRules {
  private final CheckContext context;
  private final SnapshotFacts facts;
  private final Findings inodes;
  private final Findings dirents;
  private final Findings unreachable;
  private final Findings links;
  private final Bkey named = new Bkey();

  /** What is at the place of the directory entry that an inode names. */
  private enum Named {
    /** Nothing is named. */
    NONE,
    /** An entry that leads to the inode. */
    RIGHT,
    MISSING,
    /** An entry that leads elsewhere. */
    WRONG,
    /** Nobody can tell: it may be in what cannot be read, or it is an old version's. */
    UNKNOWN
  }

  NameRules(CheckContext context, SnapshotFacts facts, FindingsByPass findings) {
    this.context = context;
    this.facts = facts;
    this.inodes = findings.of(RecoveryPass.CHECK_INODES);
    this.dirents = findings.of(RecoveryPass.CHECK_DIRENTS);
    this.unreachable = findings.of(RecoveryPass.CHECK_UNREACHABLE_INODES);
    this.links = findings.of(RecoveryPass.CHECK_NLINKS);
  }

  void check(InodeGroup group, int index) {
    InodeVersion version = group.get(index);
    Named state = state(version);
    switch (state) {
      case MISSING ->
          report(
              inodes,
              FsckError.INODE_POINTS_TO_MISSING_DIRENT,
              version,
              "the directory entry that it names, " + place(version) + ", does not exist");
      case WRONG ->
          report(
              inodes,
              FsckError.INODE_POINTS_TO_WRONG_DIRENT,
              version,
              "the directory entry that it names, " + place(version) + ", leads elsewhere");
      default -> {}
    }
    if (version.others > 0 && state != Named.UNKNOWN) {
      checkOthers(version, state);
    }
    boolean alone = state != Named.RIGHT && state != Named.UNKNOWN && version.others == 0;
    if (alone && isToBeReached(version) && !isBelowAnother(group, index)) {
      report(unreachable, FsckError.INODE_UNREACHABLE, version, "no directory entry leads to it");
    }
    checkLinkCount(version);
  }

  private Named state(InodeVersion version) {
    // Of an older version of a subvolume's root an implementation that repairs forgets the entry.
    boolean old = version.subvolume != 0 && version.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
    if (!version.hasBackpointer()) {
      return old ? Named.UNKNOWN : Named.NONE;
    }
    if (version.named) {
      return Named.RIGHT;
    }
    return old ? Named.UNKNOWN : look(version);
  }

  private Named look(InodeVersion version) {
    int snapshot = version.snapshot;
    if (version.subvolume != 0) {
      Subvolume parent = facts.subvolumes().get((int) version.parentSubvolume);
      if (parent == null) {
        return Named.MISSING;
      }
      snapshot = parent.snapshot();
    }
    int dirents = BtreeId.DIRENTS.number();
    boolean found =
        VisibleKeys.find(
                context.btrees(),
                facts.snapshots(),
                dirents,
                snapshot,
                version.dir,
                version.dirOffset,
                named)
            && named.type() == KeyType.DIRENT.number();
    if (!found) {
      Bpos from = new Bpos(version.dir, version.dirOffset, 0);
      Bpos to = new Bpos(version.dir, version.dirOffset, -1);
      return context.damaged().mayLack(dirents, from, to) ? Named.UNKNOWN : Named.MISSING;
    }
    boolean leadsHere =
        Dirent.type(named) == Dirent.TYPE_SUBVOLUME
            ? Integer.toUnsignedLong((int) Dirent.target(named)) == version.subvolume
            : Dirent.target(named) == version.number;
    return leadsHere ? Named.RIGHT : Named.WRONG;
  }

  private static String place(InodeVersion version) {
    return Long.toUnsignedString(version.dir) + ":" + Long.toUnsignedString(version.dirOffset);
  }

  /** There are entries that lead to it besides the one that it names. */
  private void checkOthers(InodeVersion version, Named state) {
    String other = "directory entry " + LinkRules.other(version) + " leads to it";
    switch (state) {
      case NONE -> {
        if (version.isDirectory()) {
          report(
              dirents,
              FsckError.INODE_DIR_MISSING_BACKPOINTER,
              version,
              "the directory names no directory entry, but " + other);
        }
        if (version.unlinked()) {
          report(
              dirents,
              FsckError.INODE_UNLINKED_BUT_HAS_DIRENT,
              version,
              "it is marked unlinked, but " + other);
        }
        if (version.others > 1) {
          checkMoreLinks(version, other);
        }
      }
      case RIGHT -> checkMoreLinks(version, other);
      default ->
          report(
              dirents,
              FsckError.INODE_WRONG_BACKPOINTER,
              version,
              "directory entry that leads to it",
              LinkRules.other(version),
              place(version));
    }
  }

  private void checkMoreLinks(InodeVersion version, String other) {
    if (version.isDirectory() || version.subvolume != 0) {
      report(
          dirents,
          FsckError.INODE_DIR_MULTIPLE_LINKS,
          version,
          "a directory has more than one name: besides " + place(version) + " " + other);
    } else if (version.nlink == 0) {
      report(
          dirents,
          FsckError.INODE_MULTIPLE_LINKS_BUT_NLINK_0,
          version,
          "its link count is 1, but besides " + place(version) + " " + other);
    }
  }

  /** Whether it should have a name. */
  private static boolean isToBeReached(InodeVersion version) {
    boolean root = version.number == Inode.ROOT && version.subvolume == Subvolume.ROOT;
    boolean old = version.subvolume != 0 && version.has(Inode.FLAG_HAS_CHILD_SNAPSHOT);
    return !root && !old && !version.unlinked();
  }

  /** Whether the version that it replaced has no name either: then that one is reported. */
  private static boolean isBelowAnother(InodeGroup group, int index) {
    int above = group.replaced(index);
    if (above < 0) {
      return false;
    }
    InodeVersion older = group.get(above);
    return older.isInode
        && isToBeReached(older)
        && !older.hasBackpointer()
        && !group.get(index).hasBackpointer()
        && older.others == 0;
  }

  private void checkLinkCount(InodeVersion version) {
    if (version.isDirectory() || version.nlink == 0) {
      return;
    }
    long stored = version.unlinked() ? 0 : version.nlink + 1;
    if (stored != version.countedLinks || version.unlinked()) {
      if (!context.damaged().any(BtreeId.DIRENTS.number())) {
        report(
            links,
            FsckError.INODE_WRONG_NLINK,
            version,
            version.unlinked() ? "link count of an unlinked inode" : "link count",
            version.countedLinks,
            version.nlink + 1);
      }
    }
  }

  private static void report(
      Findings findings, FsckError error, InodeVersion version, String what) {
    findings.report(CheckFinding.of(error, what).at(BtreeId.INODES, version.pos()));
  }

  private static void report(
      Findings findings,
      FsckError error,
      InodeVersion version,
      String what,
      Object expected,
      Object found) {
    findings.report(
        CheckFinding.of(error, what)
            .at(BtreeId.INODES, version.pos())
            .expected(expected)
            .found(found));
  }
}
