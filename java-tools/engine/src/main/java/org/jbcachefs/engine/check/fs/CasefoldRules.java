// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.HashSet;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Subvolume;

/** Directories that fold names, and all directories above them, are marked so. */
final class CasefoldRules {
  /** Parents that were reported, so that each child does not report them again. */
  private static final int REMEMBERED = 10_000;

  private final SnapshotFacts facts;
  private final boolean casefoldDefault;
  private final boolean marked;
  private final Findings findings;
  private final Set<Bpos> reported = new HashSet<>();

  CasefoldRules(
      CheckContext context, SnapshotFacts facts, boolean casefoldDefault, FindingsByPass findings) {
    this.facts = facts;
    this.casefoldDefault = casefoldDefault;
    this.marked = context.since(MetadataVersion.INODE_HAS_CASE_INSENSITIVE);
    this.findings = findings.of(RecoveryPass.CHECK_INODES);
  }

  void check(InodeVersion version) {
    if (!marked || !version.isDirectory()) {
      return;
    }
    boolean flag = version.has(Inode.FLAG_HAS_CASE_INSENSITIVE);
    if (version.folds(casefoldDefault) && !flag) {
      findings.report(
          CheckFinding.of(
                  FsckError.INODE_HAS_CASE_INSENSITIVE_NOT_SET,
                  "the directory folds names but is not marked so")
              .at(BtreeId.INODES, version.pos()));
    } else if (flag && (version.parentUnmarked || version.subvolume != 0)) {
      checkParent(version);
    }
  }

  private void checkParent(InodeVersion version) {
    boolean root = version.number == Inode.ROOT && version.subvolume == Subvolume.ROOT;
    int snapshot = version.snapshot;
    if (version.parentSubvolume != 0) {
      Subvolume parent = facts.subvolumes().get((int) version.parentSubvolume);
      snapshot = parent == null ? 0 : parent.snapshot();
    }
    if (root || snapshot == 0 || version.dir == 0) {
      return;
    }
    Inode parent = facts.inode(snapshot, version.dir);
    if (parent != null && !parent.has(Inode.FLAG_HAS_CASE_INSENSITIVE)) {
      Bpos pos = new Bpos(0, parent.number(), parent.snapshot());
      if (reported.size() < REMEMBERED && reported.add(pos)) {
        findings.report(
            CheckFinding.of(
                    FsckError.INODE_PARENT_HAS_CASE_INSENSITIVE_NOT_SET,
                    "a directory below, inode "
                        + Long.toUnsignedString(version.number)
                        + ", folds names, but this one is not marked so")
                .at(BtreeId.INODES, pos));
      }
    }
  }
}
