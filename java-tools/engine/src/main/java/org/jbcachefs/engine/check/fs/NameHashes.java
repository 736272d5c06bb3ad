// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Xattr;

/**
 * Whether entries of directories and xattrs are where the hash of their name leads: at that offset,
 * or at the end of a run of keys without a hole, none of them of the same name.
 */
final class NameHashes {
  /** Runs are short; whoever made a longer one by hand is let pass. */
  private static final int LONGEST_RUN = 4096;

  private final BtreeId btree;
  private final int type;
  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final Findings findings;
  private byte[] name = new byte[Dirent.NAME_MAX];
  private StrHash hash;
  private int hashType = -1;
  private long hashSeed;

  NameHashes(BtreeId btree, Btrees btrees, SnapshotTable snapshots, Findings findings) {
    this.btree = btree;
    this.type = btree == BtreeId.DIRENTS ? KeyType.DIRENT.number() : KeyType.XATTR.number();
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.findings = findings;
  }

  /** Looks at an entry; false if it is at a wrong place, which is reported. */
  boolean check(InodeVersion owner, Bkey key) {
    if (owner.strHash >= StrHash.TYPES) {
      return true;
    }
    long right = offset(owner, key);
    if (key.offset() == right) {
      return true;
    }
    if (Long.compareUnsigned(key.offset(), right) < 0) {
      reportOffset(key, right);
      return false;
    }
    return checkRun(key, right);
  }

  private long offset(InodeVersion owner, Bkey key) {
    if (hash == null || hashType != owner.strHash || hashSeed != owner.hashSeed) {
      hashType = owner.strHash;
      hashSeed = owner.hashSeed;
      hash = StrHash.of(hashType, hashSeed);
    }
    if (btree == BtreeId.XATTRS) {
      Xattr xattr = Xattr.decode(key);
      return hash.xattrOffset(xattr.type(), xattr.name());
    }
    int length = Dirent.lookupNameLength(key);
    if (length > name.length) {
      name = new byte[length];
    }
    Dirent.copyLookupName(key, name);
    boolean short31 = owner.has(org.jbcachefs.format.value.Inode.FLAG_31BIT_DIRENT_OFFSET);
    return hash.direntOffset(name, length, short31);
  }

  private boolean checkRun(Bkey key, long right) {
    Bpos from = new Bpos(key.inode(), right, 0);
    Bpos to = new Bpos(key.inode(), key.offset() - 1, -1);
    long next = right;
    try (VisibleKeys run =
        new VisibleKeys(btrees, snapshots, btree.number(), key.snapshot(), from, to)) {
      for (int steps = 0; steps < LONGEST_RUN; steps++) {
        if (!run.next()) {
          break;
        }
        if (run.key().offset() != next) {
          break;
        }
        if (run.key().type() == type && sameName(run.key(), key)) {
          findings.report(
              CheckFinding.of(FsckError.HASH_TABLE_KEY_DUPLICATE, "another key of the same name")
                  .at(btree, key)
                  .expected("one")
                  .found(run.key().pos()));
          return true;
        }
        next++;
        if (steps == LONGEST_RUN - 1) {
          return true;
        }
      }
    }
    if (next != key.offset()) {
      reportOffset(key, right);
      return false;
    }
    return true;
  }

  private boolean sameName(Bkey one, Bkey other) {
    if (btree == BtreeId.XATTRS) {
      Xattr left = Xattr.decode(one);
      Xattr right = Xattr.decode(other);
      return left.type() == right.type() && java.util.Arrays.equals(left.name(), right.name());
    }
    byte[] wanted = new byte[Dirent.lookupNameLength(other)];
    Dirent.copyLookupName(other, wanted);
    return Dirent.matches(one, wanted);
  }

  private void reportOffset(Bkey key, long right) {
    findings.report(
        CheckFinding.of(
                FsckError.HASH_TABLE_KEY_WRONG_OFFSET,
                "it cannot be found by its name: offset by its name's hash")
            .at(btree, key)
            .expected(Long.toUnsignedString(right))
            .found(Long.toUnsignedString(key.offset())));
  }
}
