// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.btree;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.engine.btree.FoundNode;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.tables.FsckError;

/**
 * Btrees whose root cannot be read. What is left of them is looked for on the devices, once for all
 * of them: that takes as long as reading every bucket that may hold nodes.
 */
final class LostRoots {
  private final CheckContext context;
  private final Set<Integer> lost = new TreeSet<>();

  LostRoots(CheckContext context) {
    this.context = context;
  }

  /** The root of that btree cannot be read, and why. */
  void add(int btree, CorruptionException why) {
    lost.add(btree);
    context.damaged().addWhole(btree);
    context.unreadable(
        why,
        finding ->
            context.report(
                finding.error() == FsckError.BTREE_NODE_READ_ERROR ? ofRoot(btree, why) : finding));
  }

  private CheckFinding ofRoot(int btree, CorruptionException why) {
    return CheckFinding.of(
            FsckError.BTREE_ROOT_READ_ERROR, "the root cannot be read: " + Finding.of(why).what())
        .at(btree, context.btrees().rootLevel(btree), null);
  }

  /** Reports those of which not one node is left. */
  void lookForNodes() {
    if (lost.isEmpty()) {
      return;
    }
    context.stage("lost btrees' nodes on the devices");
    Set<Integer> found = new HashSet<>();
    for (FoundNode node :
        new NodeScan(
                context.filesystem().devices(),
                context.filesystem().nodes().context(),
                context.threads(),
                bytes -> {})
            .run()) {
      found.add(node.btree());
    }
    for (int btree : lost) {
      if (!found.contains(btree)) {
        context.report(
            CheckFinding.of(
                    FsckError.BTREE_ROOT_UNREADABLE_AND_SCAN_FOUND_NOTHING,
                    "the root of btree "
                        + BtreeId.nameOf(btree)
                        + " cannot be read, and no node of it is left on any device")
                .at(btree, 0, null));
      }
    }
  }
}
