// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;

/** Looks whether the contents of a missing inode are there: extents or directory entries. */
final class LostContents {
  private final CheckContext context;
  private final SnapshotFacts facts;
  private final Findings findings;

  LostContents(CheckContext context, SnapshotFacts facts, Findings findings) {
    this.context = context;
    this.facts = facts;
    this.findings = findings;
  }

  /** Reports what a snapshot sees of an inode that it has not. */
  void check(long inode, int snapshot) {
    boolean data = has(BtreeId.EXTENTS, inode, snapshot);
    if (data || has(BtreeId.DIRENTS, inode, snapshot)) {
      findings.report(
          CheckFinding.of(
                  FsckError.MISSING_INODE_WITH_CONTENTS,
                  "the inode is missing, but its "
                      + (data ? "extents are there" : "directory entries are there"))
              .at(BtreeId.INODES, new Bpos(0, inode, snapshot)));
    }
  }

  private boolean has(BtreeId btree, long inode, int snapshot) {
    Bpos from = Bpos.of(inode, 0);
    Bpos to = new Bpos(inode, -1, -1);
    try (VisibleKeys keys =
        new VisibleKeys(context.btrees(), facts.snapshots(), btree.number(), snapshot, from, to)) {
      return keys.next();
    }
  }
}
