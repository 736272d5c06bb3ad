// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
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

/** The list of deleted inodes names none but unlinked ones that wait to be removed. */
public final class CheckDeletedInodes implements CheckPass {
  private CheckContext context;
  private SnapshotFacts facts;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.DELETE_DEAD_INODES;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    facts = SnapshotFacts.of(context);
    context.scan(BtreeId.DELETED_INODES, findings -> key -> check(findings, key));
  }

  private void check(Findings findings, Bkey key) {
    if (facts.isIgnored(key.snapshot())) {
      return;
    }
    Inode inode = facts.inode(key.snapshot(), key.offset());
    if (inode == null) {
      report(findings, FsckError.DELETED_INODE_MISSING, key, "it names an inode that is not there");
    } else if (inode.isDirectory() && !isEmpty(inode.number(), key.snapshot())) {
      report(findings, FsckError.DELETED_INODE_IS_DIR, key, "it names a directory with entries");
    } else if (!inode.has(Inode.FLAG_UNLINKED)) {
      report(
          findings,
          FsckError.DELETED_INODE_NOT_UNLINKED,
          key,
          "it names an inode that is not marked unlinked");
    } else if (inode.has(Inode.FLAG_HAS_CHILD_SNAPSHOT)) {
      report(
          findings,
          FsckError.DELETED_INODE_HAS_CHILD_SNAPSHOTS,
          key,
          "it names an inode that descendants' snapshots have too");
    } else if (context.filesystem().journal().clean()) {
      report(
          findings,
          FsckError.DELETED_INODE_BUT_CLEAN,
          key,
          "the filesystem is clean, but an inode still waits to be removed");
    }
  }

  private boolean isEmpty(long directory, int snapshot) {
    Bpos from = Bpos.of(directory, 0);
    Bpos to = new Bpos(directory, -1, -1);
    int dirents = BtreeId.DIRENTS.number();
    try (VisibleKeys keys =
        new VisibleKeys(context.btrees(), facts.snapshots(), dirents, snapshot, from, to)) {
      while (keys.next()) {
        boolean counts =
            keys.key().type() == KeyType.DIRENT.number()
                && Dirent.type(keys.key()) != Dirent.TYPE_SUBVOLUME;
        if (counts) {
          return false;
        }
      }
      return true;
    }
  }

  private static void report(Findings findings, FsckError error, Bkey key, String what) {
    findings.report(CheckFinding.of(error, what).at(BtreeId.DELETED_INODES, key));
  }
}
