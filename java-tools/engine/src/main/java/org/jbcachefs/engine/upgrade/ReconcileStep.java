// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * The list of background work: before 1.33 its keys meant other things, and what is to be done is
 * found again by holding everything against the options, where the newer form of it is allowed.
 */
final class ReconcileStep implements UpgradeStep {
  private static final int BATCH = 64;

  @Override
  public Set<MetadataVersion> versions() {
    return EnumSet.of(MetadataVersion.RECONCILE);
  }

  @Override
  public Set<RecoveryPass> passes() {
    return EnumSet.of(RecoveryPass.CHECK_RECONCILE_WORK, RecoveryPass.SET_FS_NEEDS_RECONCILE);
  }

  @Override
  public void run(WritableFilesystem filesystem, UpgradeOptions options) {
    options.progress().accept("dropping the old list of background work");
    List<Bpos> old = new ArrayList<>();
    do {
      old.clear();
      try (KeyIterator keys =
          filesystem.btrees().iterate(BtreeId.RECONCILE_WORK.number(), Bpos.MIN, Bpos.MAX)) {
        while (old.size() < BATCH && keys.next()) {
          old.add(keys.key().pos());
        }
      }
      if (!old.isEmpty()) {
        List<Bpos> batch = List.copyOf(old);
        filesystem.transact(
            "upgrade",
            transaction -> {
              batch.forEach(pos -> transaction.deleteAlone(BtreeId.RECONCILE_WORK, pos));
              return null;
            });
      }
    } while (!old.isEmpty());
  }
}
