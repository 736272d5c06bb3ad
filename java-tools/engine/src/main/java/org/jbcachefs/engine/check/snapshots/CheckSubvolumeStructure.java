// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.snapshots;

import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Subvolume;

/** From every subvolume the way of parents leads to the root subvolume. */
public final class CheckSubvolumeStructure implements CheckPass {
  private final Set<Integer> done = new HashSet<>();
  private SnapshotFacts facts;
  private CheckContext context;

  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_SUBVOLUME_STRUCTURE;
  }

  @Override
  public void run(CheckContext checkContext) {
    context = checkContext;
    context.stage(BtreeId.SUBVOLUMES.toString());
    facts = SnapshotFacts.of(context);
    done.add(Subvolume.ROOT);
    for (int number : facts.subvolumes().all().keySet()) {
      if (!facts.subvolumes().get(number).unlinked()) {
        climb(number);
      }
    }
  }

  /** Goes up until it meets a way that was gone before. */
  private void climb(int start) {
    Set<Integer> way = new LinkedHashSet<>();
    int at = start;
    while (!done.contains(at)) {
      way.add(at);
      done.add(at);
      int parent = facts.subvolumes().get(at).fsPathParent();
      if (way.contains(parent)) {
        List<Integer> inOrder = List.copyOf(way);
        reportLoop(inOrder.subList(inOrder.indexOf(parent), inOrder.size()));
        return;
      }
      if (facts.subvolumes().get(parent) == null) {
        String found =
            parent == 0 ? "none" : Integer.toUnsignedString(parent) + ", which does not exist";
        context.report(
            CheckSubvolumes.finding(
                    FsckError.SUBVOL_UNREACHABLE, at, "the subvolume is in no other; its parent")
                .expected("a subvolume")
                .found(found));
        return;
      }
      at = parent;
    }
  }

  private void reportLoop(List<Integer> members) {
    context.report(
        CheckSubvolumes.finding(
            FsckError.SUBVOL_LOOP,
            Collections.min(members),
            "the subvolume is its own ancestor, one of " + members.size() + " in a loop"));
  }
}
