// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;

/**
 * Records of damage, of version 1.39: each is of a version of an inode that is there. Source:
 * {@code check_damage_key}.
 */
public final class CheckDamage implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_DAMAGE;
  }

  @Override
  public void run(CheckContext context) {
    if (!context.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU)) {
      return;
    }
    SnapshotFacts facts = SnapshotFacts.of(context);
    context.scan(BtreeId.DAMAGE, findings -> key -> check(context, facts, findings, key));
  }

  private static void check(
      CheckContext context, SnapshotFacts facts, Findings findings, Bkey key) {
    if (key.type() != KeyType.DAMAGE.number() || facts.isIgnored(key.snapshot())) {
      return;
    }
    Bkey inode = new Bkey();
    int inodes = BtreeId.INODES.number();
    boolean there = context.btrees().lookup(inodes, key.pos(), inode) && Inode.is(inode);
    if (!there && !context.damaged().mayLack(inodes, key.pos(), key.pos())) {
      findings.report(
          CheckFinding.of(
                  FsckError.DAMAGE_KEY_NO_INODE, "a record of damage to an inode that is not there")
              .at(BtreeId.DAMAGE, key));
    }
  }
}
