// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Subvolume;

/** Lists of subvolumes' children name none but their children. */
public final class CheckSubvolumeChildren implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_SUBVOL_CHILDREN;
  }

  @Override
  public void run(CheckContext context) {
    SnapshotFacts facts = SnapshotFacts.of(context);
    context.scan(BtreeId.SUBVOLUME_CHILDREN, findings -> key -> check(facts, findings, key));
  }

  private static void check(SnapshotFacts facts, Findings findings, Bkey key) {
    boolean inRange = key.offset() > 0 && key.offset() <= Integer.MAX_VALUE;
    Subvolume child = inRange ? facts.subvolumes().get((int) key.offset()) : null;
    boolean good = child != null && Integer.toUnsignedLong(child.fsPathParent()) == key.inode();
    if (!good) {
      String what = "parent of the child subvolume " + Long.toUnsignedString(key.offset());
      findings.report(
          CheckFinding.of(FsckError.SUBVOL_CHILDREN_BAD, what)
              .at(BtreeId.SUBVOLUME_CHILDREN, key)
              .expected(Long.toUnsignedString(key.inode()))
              .found(
                  child == null
                      ? "no such subvolume"
                      : Integer.toUnsignedString(child.fsPathParent())));
    }
  }
}
