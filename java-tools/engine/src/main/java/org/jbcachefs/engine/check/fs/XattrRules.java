// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/** The xattrs of one inode after the other: they have an inode, and are found by their names. */
final class XattrRules {
  private final KeyOwner owner;
  private final NameHashes hashes;
  private InodeGroup group;

  XattrRules(CheckContext context, SnapshotFacts facts, Findings findings) {
    this.owner = new KeyOwner(BtreeId.XATTRS, context.damaged(), findings);
    this.hashes = new NameHashes(BtreeId.XATTRS, context.btrees(), facts.snapshots(), findings);
  }

  void begin(InodeGroup inode) {
    group = inode;
    owner.begin();
  }

  void key(Bkey key) {
    int index = owner.of(group, key);
    boolean owned = index >= 0 && group.get(index).isInode;
    if (owned && key.type() == KeyType.XATTR.number()) {
      hashes.check(group.get(index), key);
    }
  }
}
