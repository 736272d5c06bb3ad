// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Damaged;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;

/**
 * Finds the version of an inode that a key of a btree belongs to, and reports keys that belong to
 * none, or to one that cannot have them: once for all keys of one snapshot.
 */
final class KeyOwner {
  private final BtreeId btree;
  private final Damaged damaged;
  private final Findings findings;
  private int[] reported = new int[4];
  private int count;

  KeyOwner(BtreeId btree, Damaged damaged, Findings findings) {
    this.btree = btree;
    this.damaged = damaged;
    this.findings = findings;
  }

  /** Another inode's keys come. */
  void begin() {
    count = 0;
  }

  /**
   * Index of the version that a key belongs to; -1 if there is none. The version may be one that
   * hides its ancestors'.
   */
  int of(InodeGroup group, Bkey key) {
    int index = group.nearest(key.snapshot());
    InodeVersion version = index < 0 ? null : group.get(index);
    if (version != null && version.snapshot != key.snapshot() && first(key.snapshot())) {
      report(FsckError.SNAPSHOT_KEY_MISSING_INODE_SNAPSHOT, key, "nearest version of its inode")
          .tell(key.snapshot(), version.snapshot);
    }
    if (!hides(key.type()) && (version == null || !version.isInode)) {
      if (first(key.snapshot())) {
        report(FsckError.KEY_IN_MISSING_INODE, key, "its inode does not exist").tell();
      }
    } else if (version != null && !hides(key.type()) && !mayHave(version)) {
      if (first(key.snapshot())) {
        report(FsckError.KEY_IN_WRONG_INODE_TYPE, key, "type of its inode")
            .tell(wanted(), "mode 0" + Integer.toOctalString(version.mode));
      }
    }
    return index;
  }

  private static boolean hides(int type) {
    return type == KeyType.WHITEOUT.number()
        || type == KeyType.EXTENT_WHITEOUT.number()
        || type == KeyType.HASH_WHITEOUT.number();
  }

  private boolean mayHave(InodeVersion version) {
    return switch (btree) {
      case EXTENTS -> version.hasData();
      case DIRENTS -> version.isDirectory();
      default -> true;
    };
  }

  private String wanted() {
    return btree == BtreeId.DIRENTS ? "a directory" : "a file or symbolic link";
  }

  /** Whether nothing was reported yet of that snapshot's keys. */
  private boolean first(int snapshot) {
    for (int i = 0; i < count; i++) {
      if (reported[i] == snapshot) {
        return false;
      }
    }
    if (count == reported.length) {
      reported = Arrays.copyOf(reported, count * 2);
    }
    reported[count++] = snapshot;
    return true;
  }

  private Report report(FsckError error, Bkey key, String what) {
    return new Report(error, key, what);
  }

  /** A finding that is held back where the inode may have been among what cannot be read. */
  private final class Report {
    private final CheckFinding finding;
    private final boolean certain;

    Report(FsckError error, Bkey key, String what) {
      long inode = key.inode();
      finding = CheckFinding.of(error, what).at(btree, key);
      certain =
          !damaged.mayLack(BtreeId.INODES.number(), new Bpos(0, inode, 0), new Bpos(0, inode, -1));
    }

    void tell() {
      if (certain) {
        findings.report(finding);
      }
    }

    void tell(int expectedSnapshot, int foundSnapshot) {
      tell(
          "in snapshot " + Integer.toUnsignedString(expectedSnapshot),
          "in snapshot " + Integer.toUnsignedString(foundSnapshot));
    }

    void tell(String expected, String found) {
      if (certain) {
        findings.report(finding.expected(expected).found(found));
      }
    }
  }
}
