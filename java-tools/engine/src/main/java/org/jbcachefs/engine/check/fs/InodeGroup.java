// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeCursor;

/** All versions of one inode, by ascending snapshot: descendants before ancestors. Reused. */
final class InodeGroup {
  private final SnapshotFacts facts;
  private final SnapshotTable snapshots;
  private final InodeCursor cursor = new InodeCursor();
  private InodeVersion[] versions = {new InodeVersion()};
  private int count;
  private long number;

  InodeGroup(SnapshotFacts facts) {
    this.facts = facts;
    this.snapshots = facts.snapshots();
  }

  /** Forgets the versions and begins with another inode. */
  void begin(long inode) {
    number = inode;
    count = 0;
  }

  /** Adds the next version; keys of snapshots that do not exist are left out. */
  void add(Bkey key) {
    if (facts.snapshots().get(key.snapshot()) == null) {
      return;
    }
    if (count == versions.length) {
      versions = Arrays.copyOf(versions, count * 2);
    }
    if (versions[count] == null) {
      versions[count] = new InodeVersion();
    }
    boolean doomed = facts.isIgnored(key.snapshot());
    if (Inode.is(key)) {
      versions[count].set(key, cursor.of(key), doomed);
    } else {
      versions[count].hide(key, doomed);
    }
    count++;
  }

  long number() {
    return number;
  }

  int count() {
    return count;
  }

  InodeVersion get(int index) {
    return versions[index];
  }

  /**
   * Whether a version's flag for others below may be of before keys are moved, or be the one of the
   * inner snapshot whose key it was.
   */
  boolean mayLoseChildren(int index) {
    int snapshot = versions[index].snapshot;
    return facts.moving().containsValue(snapshot)
        || facts.moving().keySet().stream().anyMatch(id -> snapshots.isAncestor(id, snapshot));
  }

  /** Whether versions may be missing here because they cannot be read. */
  boolean damaged(CheckContext context) {
    return context
        .damaged()
        .mayLack(BtreeId.INODES.number(), new Bpos(0, number, 0), new Bpos(0, number, -1));
  }

  /**
   * Index of the version that a snapshot goes by, its own or its nearest ancestor's; -1 if none.
   */
  int nearest(int snapshot) {
    for (int i = 0; i < count; i++) {
      if (snapshots.isAncestor(snapshot, versions[i].snapshot)) {
        return i;
      }
    }
    return -1;
  }

  /** Index of the version that the version with that index replaced; -1 if there is none. */
  int replaced(int index) {
    for (int i = index + 1; i < count; i++) {
      if (snapshots.isAncestor(versions[index].snapshot, versions[i].snapshot)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether a descendant's snapshot has a version too. */
  boolean hasChildSnapshots(int index) {
    for (int i = 0; i < index; i++) {
      if (versions[i].isInode
          && snapshots.isAncestor(versions[i].snapshot, versions[index].snapshot)) {
        return true;
      }
    }
    return false;
  }
}
