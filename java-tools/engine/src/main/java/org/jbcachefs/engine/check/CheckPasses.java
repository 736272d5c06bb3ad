// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.check.alloc.CheckAccounting;
import org.jbcachefs.engine.check.alloc.CheckAllocInfo;
import org.jbcachefs.engine.check.alloc.CheckAllocToLruRefs;
import org.jbcachefs.engine.check.alloc.CheckAllocations;
import org.jbcachefs.engine.check.alloc.CheckBackpointersToExtents;
import org.jbcachefs.engine.check.alloc.CheckBtreeBackpointers;
import org.jbcachefs.engine.check.alloc.CheckExtentsToBackpointers;
import org.jbcachefs.engine.check.alloc.CheckLrus;
import org.jbcachefs.engine.check.btree.CheckTopology;
import org.jbcachefs.engine.check.fs.CheckDamage;
import org.jbcachefs.engine.check.fs.CheckDeletedInodes;
import org.jbcachefs.engine.check.fs.CheckDirectoryStructure;
import org.jbcachefs.engine.check.fs.CheckFiles;
import org.jbcachefs.engine.check.fs.CheckIndirectExtents;
import org.jbcachefs.engine.check.fs.CheckLoggedOps;
import org.jbcachefs.engine.check.reconcile.CheckReconcileWork;
import org.jbcachefs.engine.check.sb.CheckSuperblocks;
import org.jbcachefs.engine.check.snapshots.CheckRoot;
import org.jbcachefs.engine.check.snapshots.CheckSnapshotTrees;
import org.jbcachefs.engine.check.snapshots.CheckSnapshots;
import org.jbcachefs.engine.check.snapshots.CheckSubvolumeChildren;
import org.jbcachefs.engine.check.snapshots.CheckSubvolumeStructure;
import org.jbcachefs.engine.check.snapshots.CheckSubvolumes;
import org.jbcachefs.format.tables.RecoveryPass;

/** Every pass that there is; those of the format's list that check nothing are not among them. */
public final class CheckPasses {
  private CheckPasses() {}

  /** New passes, for one run; the order does not matter. */
  public static List<CheckPass> all() {
    List<CheckPass> passes = new ArrayList<>();
    passes.add(new CheckTopology());
    passes.add(new CheckAccounting());
    passes.add(new CheckAllocations());
    passes.add(new CheckSuperblocks());
    passes.add(new CheckAllocInfo());
    passes.add(new CheckLrus());
    passes.add(new CheckBtreeBackpointers());
    passes.add(new CheckBackpointersToExtents());
    passes.add(new CheckExtentsToBackpointers());
    passes.add(new CheckAllocToLruRefs());
    passes.add(new CheckReconcileWork());
    passes.add(new CheckSnapshotTrees());
    passes.add(new CheckSnapshots());
    passes.add(new CheckSubvolumes());
    passes.add(new CheckSubvolumeChildren());
    passes.add(new CheckSubvolumeStructure());
    passes.add(new CheckRoot());
    passes.addAll(CheckFiles.passes());
    passes.add(new CheckDamage());
    passes.add(new CheckIndirectExtents());
    passes.add(new CheckDirectoryStructure());
    passes.add(new CheckLoggedOps());
    passes.add(new CheckDeletedInodes());
    return passes;
  }

  /** Which of the format's passes are checked here. */
  public static List<RecoveryPass> known() {
    return all().stream().map(CheckPass::pass).sorted().toList();
  }
}
