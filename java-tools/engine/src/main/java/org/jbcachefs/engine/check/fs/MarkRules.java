// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Xattr;

/** Whether inodes say truly, since 1.39, that they have options and ACLs of their own. */
final class MarkRules {
  private static final int NO_ACL = 0;

  private final CheckContext context;
  private final SnapshotFacts facts;
  private final FindingsByPass byPass;
  private final boolean marked;
  private final List<Stored> stored = new ArrayList<>();
  private boolean hasAcl;

  /** A key of the inode's xattrs: where it is, and of which ACL, if it is one. */
  private record Stored(long offset, int snapshot, int acl) {}

  MarkRules(CheckContext context, SnapshotFacts facts, FindingsByPass byPass) {
    this.context = context;
    this.facts = facts;
    this.byPass = byPass;
    this.marked = context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
  }

  void begin() {
    stored.clear();
    hasAcl = false;
  }

  /** Takes a key of the inode's xattrs in; they come in their order. */
  void xattr(Bkey key) {
    if (marked) {
      int acl = key.type() == KeyType.XATTR.number() ? acl(Xattr.decode(key)) : NO_ACL;
      stored.add(new Stored(key.offset(), key.snapshot(), acl));
      hasAcl |= acl != NO_ACL;
    }
  }

  /** An ACL has no name besides its type; what has one is not looked for when there is need. */
  private static int acl(Xattr xattr) {
    if (xattr.name().length != 0) {
      return NO_ACL;
    }
    return switch (xattr.type()) {
      case Xattr.TYPE_POSIX_ACL_ACCESS -> Inode.FLAG_HAS_ACCESS_ACL;
      case Xattr.TYPE_POSIX_ACL_DEFAULT -> Inode.FLAG_HAS_DEFAULT_ACL;
      default -> NO_ACL;
    };
  }

  void check(InodeVersion version) {
    if (!marked) {
      return;
    }
    compare(
        version,
        Inode.FLAG_HAS_INODE_OPTS,
        version.hasOptions,
        FsckError.INODE_HAS_INODE_OPTS_FLAG_WRONG,
        "flag for options of its own");
    Bpos first = Bpos.of(version.number, 0);
    Bpos last = new Bpos(version.number, -1, -1);
    if (context.damaged().mayLack(BtreeId.XATTRS.number(), first, last)) {
      return;
    }
    int seen = hasAcl ? visible(version.snapshot) : NO_ACL;
    compare(
        version,
        Inode.FLAG_HAS_ACCESS_ACL,
        (seen & Inode.FLAG_HAS_ACCESS_ACL) != 0,
        FsckError.INODE_HAS_ACCESS_ACL_FLAG_WRONG,
        "flag for an access ACL");
    compare(
        version,
        Inode.FLAG_HAS_DEFAULT_ACL,
        (seen & Inode.FLAG_HAS_DEFAULT_ACL) != 0,
        FsckError.INODE_HAS_DEFAULT_ACL_FLAG_WRONG,
        "flag for a default ACL");
  }

  /** Which ACLs a snapshot sees: of the keys at one offset that of its nearest ancestor. */
  private int visible(int snapshot) {
    int seen = NO_ACL;
    boolean found = false;
    long offset = 0;
    for (Stored each : stored) {
      if (each.offset != offset) {
        offset = each.offset;
        found = false;
      }
      if (!found && facts.snapshots().isAncestor(snapshot, each.snapshot)) {
        found = true;
        seen |= each.acl;
      }
    }
    return seen;
  }

  private void compare(
      InodeVersion version, int flag, boolean wanted, FsckError error, String what) {
    if (version.has(flag) != wanted) {
      byPass
          .of(RecoveryPass.CHECK_INODES)
          .report(
              CheckFinding.of(error, what)
                  .at(BtreeId.INODES, version.pos())
                  .expected(wanted)
                  .found(!wanted));
    }
  }
}
