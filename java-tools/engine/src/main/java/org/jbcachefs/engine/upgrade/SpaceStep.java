// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.EnumSet;
import java.util.Set;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.alloc.SpaceRebuild;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * What is kept about space: backpointers have had another form (1.14) and there were fewer of them
 * (1.21, 1.22), counters had their positions in another byte order (1.15) and some of them did not
 * exist (1.31, 1.33), need_discard was in another order (1.38), all devices had one list of buckets
 * that are worth emptying and snapshots one counter (1.39). All of it follows from the other keys,
 * and is written as they say.
 */
final class SpaceStep implements UpgradeStep {
  private static final Set<MetadataVersion> VERSIONS =
      EnumSet.of(
          MetadataVersion.BACKPOINTER_BUCKET_GEN,
          MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN,
          MetadataVersion.CACHED_BACKPOINTERS,
          MetadataVersion.STRIPE_BACKPOINTERS,
          MetadataVersion.BTREE_NODE_ACCOUNTING,
          MetadataVersion.RECONCILE,
          MetadataVersion.BUCKET_STRIPE_INDEX,
          MetadataVersion.NEED_DISCARD_BY_JOURNAL_SEQ,
          MetadataVersion.PER_DEV_FRAGMENTATION_LRU);

  private static final Set<RecoveryPass> PASSES =
      EnumSet.of(
          RecoveryPass.CHECK_ALLOCATIONS,
          RecoveryPass.CHECK_ALLOC_INFO,
          RecoveryPass.CHECK_LRUS,
          RecoveryPass.CHECK_BTREE_BACKPOINTERS,
          RecoveryPass.CHECK_BACKPOINTERS_TO_EXTENTS,
          RecoveryPass.CHECK_EXTENTS_TO_BACKPOINTERS,
          RecoveryPass.CHECK_ALLOC_TO_LRU_REFS);

  @Override
  public Set<MetadataVersion> versions() {
    return VERSIONS;
  }

  @Override
  public Set<RecoveryPass> passes() {
    return PASSES;
  }

  @Override
  public Set<BtreeId> beginEmpty(VersionPlan plan) {
    Set<BtreeId> useless = EnumSet.noneOf(BtreeId.class);
    if (UpgradeStep.crosses(plan, MetadataVersion.BACKPOINTER_BUCKET_GEN)) {
      useless.add(BtreeId.BACKPOINTERS);
    }
    if (UpgradeStep.crosses(plan, MetadataVersion.DISK_ACCOUNTING_BIG_ENDIAN)) {
      useless.add(BtreeId.ACCOUNTING);
    }
    return useless;
  }

  @Override
  public void run(WritableFilesystem filesystem, UpgradeOptions options) {
    options.progress().accept("rebuilding what is kept about space");
    new SpaceRebuild(filesystem, options.memoryBytes(), options.spill()).run();
  }
}
