// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Dirent;

/**
 * The directory entries that lead to one inode after the other: there is an inode for them to lead
 * to, of the type that they say; counts them, and sorts out which of them the inode knows.
 */
final class LinkRules {
  private final CheckContext context;
  private final SnapshotTable snapshots;
  private final Findings findings;
  private final RecordSorter.Writer suspects;
  private final long[] suspect = new long[2];
  private final LostContents lostContents;

  /** The entry that is looked at: where it is, and who hides it. */
  private final Bkey entry = new Bkey();

  private int[] hiders = new int[16];
  private int hiderCount;
  private int[] deletes = new int[4];
  private int deleteCount;

  /**
   * Rules for one range of inodes.
   *
   * @param suspects takes directories that may be in a loop: number and snapshot
   */
  LinkRules(
      CheckContext context,
      SnapshotFacts facts,
      FindingsByPass findings,
      RecordSorter.Writer suspects) {
    this.context = context;
    this.snapshots = facts.snapshots();
    this.findings = findings.of(RecoveryPass.CHECK_DIRENTS);
    this.suspects = suspects;
    this.lostContents = new LostContents(context, facts, this.findings);
  }

  /** Looks at the current entry and goes to the next one; false if there is none. */
  boolean next(SortedRecords links, InodeGroup group) {
    long info = links.get(LinkRecord.INFO);
    int snapshot = (int) (links.get(LinkRecord.SNAPSHOT) >>> 32);
    entry.setPos(links.get(LinkRecord.DIRECTORY), links.get(LinkRecord.OFFSET), snapshot);
    hiderCount = 0;
    boolean more = links.next();
    while (more && (int) links.get(LinkRecord.SNAPSHOT) != 0) {
      addHiders(links.get(LinkRecord.INFO));
      more = links.next();
    }
    look(group, info);
    return more;
  }

  private void addHiders(long info) {
    if (hiderCount + 2 > hiders.length) {
      hiders = Arrays.copyOf(hiders, hiders.length * 2);
    }
    hiders[hiderCount++] = (int) (info >>> 32);
    if ((int) info != 0) {
      hiders[hiderCount++] = (int) info;
    }
  }

  private void look(InodeGroup group, long info) {
    int type = LinkRecord.type(info);
    if (type == Dirent.TYPE_SUBVOLUME) {
      lookAtSubvolume(group, LinkRecord.childSubvolume(info));
      return;
    }
    boolean directory = type == Dirent.TYPE_DIRECTORY;
    int visible = 0;
    boolean wrongType = false;
    deleteCount = 0;
    for (int i = group.count() - 1; i >= 0; i--) {
      InodeVersion version = group.get(i);
      if (version.doomed || !isSeenBelow(version.snapshot) || isDeleted(version.snapshot)) {
        continue;
      }
      if (!version.isInode) {
        noteDelete(version.snapshot);
        continue;
      }
      visible++;
      noteName(version);
      if (version.direntType() != type && !wrongType) {
        wrongType = true;
        reportType(version, type);
      }
      if (directory && mayBeInLoop(version, LinkRecord.depth(info))) {
        suspect[0] = version.number;
        suspect[1] = Integer.toUnsignedLong(version.snapshot);
        suspects.add(suspect, 0);
      }
      version.parentUnmarked |= LinkRecord.unmarked(info);
    }
    if (!directory) {
      countLink(group);
    }
    if (visible == 0) {
      reportMissing(group);
    }
    for (int i = 0; i < deleteCount; i++) {
      reportOverwritten(group, deletes[i]);
    }
  }

  /** Whether some snapshot sees both this entry and that version, which is no older. */
  private boolean isSeenBelow(int version) {
    return Integer.compareUnsigned(version, entry.snapshot()) <= 0
        && Seen.visible(snapshots, hiders, hiderCount, version, entry.snapshot());
  }

  private boolean isDeleted(int version) {
    for (int i = 0; i < deleteCount; i++) {
      if (snapshots.isAncestor(version, deletes[i])) {
        return true;
      }
    }
    return false;
  }

  private void noteDelete(int version) {
    if (deleteCount == deletes.length) {
      deletes = Arrays.copyOf(deletes, deleteCount * 2);
    }
    deletes[deleteCount++] = version;
  }

  private void noteName(InodeVersion version) {
    if (version.pointsTo(entry.inode(), entry.offset())) {
      version.named = true;
      return;
    }
    if (version.others == 0) {
      version.otherDir = entry.inode();
      version.otherOffset = entry.offset();
      version.otherSnapshot = entry.snapshot();
    }
    version.others++;
  }

  /** A loop has a place where a directory is no deeper than what is in it. */
  private static boolean mayBeInLoop(InodeVersion version, long parentDepth) {
    return parentDepth >= version.depth || LinkRecord.deepest(parentDepth);
  }

  /**
   * An entry counts for the versions below its snapshot, and for the nearest one if that is above.
   */
  private void countLink(InodeGroup group) {
    for (int i = 0; i < group.count(); i++) {
      InodeVersion version = group.get(i);
      boolean below = Integer.compareUnsigned(version.snapshot, entry.snapshot()) <= 0;
      boolean sees =
          below
              ? isSeenBelow(version.snapshot)
              : snapshots.isAncestor(entry.snapshot(), version.snapshot);
      if (sees && counts(version)) {
        version.countedLinks++;
      }
      if (sees && Integer.compareUnsigned(version.snapshot, entry.snapshot()) >= 0) {
        return;
      }
    }
  }

  private static boolean counts(InodeVersion version) {
    return version.isInode && version.nlink != 0 && !version.isDirectory();
  }

  private void lookAtSubvolume(InodeGroup group, int child) {
    for (int i = 0; i < group.count(); i++) {
      InodeVersion version = group.get(i);
      if (version.isInode && version.subvolume == child) {
        noteName(version);
      }
    }
  }

  private void reportType(InodeVersion version, int type) {
    findings.report(
        CheckFinding.of(FsckError.DIRENT_D_TYPE_WRONG, "type of what it leads to")
            .at(BtreeId.DIRENTS, entry)
            .expected(version.direntType())
            .found(type));
  }

  private void reportMissing(InodeGroup group) {
    if (group.damaged(context)) {
      return;
    }
    String inode = "inode " + Long.toUnsignedString(group.number());
    findings.report(
        CheckFinding.of(
                FsckError.DIRENT_TO_MISSING_INODE,
                "it leads to " + inode + ", which does not exist in this snapshot")
            .at(BtreeId.DIRENTS, entry));
    try {
      lostContents.check(group.number(), entry.snapshot());
    } catch (CorruptionException e) {
      context.unreadable(e, findings);
    }
  }

  private void reportOverwritten(InodeGroup group, int id) {
    findings.report(
        CheckFinding.of(
                FsckError.DIRENT_TO_OVERWRITTEN_INODE,
                "it leads to inode "
                    + Long.toUnsignedString(group.number())
                    + ", which snapshot "
                    + Integer.toUnsignedString(id)
                    + " has not, but it is seen there")
            .at(BtreeId.DIRENTS, entry));
  }

  /** Where the first of the other entries is that lead to a version. */
  static Bpos other(InodeVersion version) {
    return new Bpos(version.otherDir, version.otherOffset, version.otherSnapshot);
  }
}
