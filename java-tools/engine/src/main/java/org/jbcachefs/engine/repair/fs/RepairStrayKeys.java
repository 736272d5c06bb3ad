// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Snapshot;

/**
 * Keys in snapshots that do not exist or were deleted: nobody can see them, so they go. By then
 * nothing is wrong with snapshots any more: whatever anything names was made anew. A snapshot that
 * is marked to have no keys, and has some, loses the mark.
 */
public final class RepairStrayKeys implements Repair {
  private static final int BATCH = 64;

  @Override
  public Set<FsckError> errors() {
    return Set.of(FsckError.BKEY_IN_MISSING_SNAPSHOT, FsckError.BKEY_IN_DELETED_SNAPSHOT);
  }

  @Override
  public RepairStage stage() {
    return RepairStage.INODES;
  }

  @Override
  public String what(FsckError error) {
    return error == FsckError.BKEY_IN_MISSING_SNAPSHOT
        ? "remove all keys of that snapshot, which nothing names"
        : "remove all keys of that snapshot, or the mark that it has none";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    Map<Integer, Set<Integer>> stray = new HashMap<>();
    for (CheckFinding finding : findings) {
      int id = finding.pos().snapshot();
      Snapshot node = context.filesystem().snapshots().get(id);
      if (node == null || node.deleted()) {
        stray.computeIfAbsent(finding.btree(), _ -> new HashSet<>()).add(id);
      } else if (node.noKeys()) {
        unmark(context, id);
      }
    }
    stray.forEach((btree, ids) -> remove(context, BtreeId.of(btree), ids));
  }

  private static void unmark(RepairContext context, int id) {
    Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
    context.transact(transaction -> {
      Bkey key = new Bkey();
      if (transaction.lookup(BtreeId.SNAPSHOTS, pos, key)) {
        Bkey changed = key.copy();
        MemorySegment segment = changed.segment();
        long at = changed.valueOffset() + Snapshot.OFFSET_FLAGS;
        Le.putU32(segment, at, Le.u32(segment, at) & ~Snapshot.FLAG_NO_KEYS);
        transaction.update(BtreeId.SNAPSHOTS, changed);
      }
    });
  }

  private static void remove(RepairContext context, BtreeId btree, Set<Integer> ids) {
    List<Bpos> some = new ArrayList<>();
    Bpos from = Bpos.MIN;
    do {
      some.clear();
      try (KeyIterator keys = context.btrees().iterate(btree.number(), from, Bpos.MAX)) {
        while (some.size() < BATCH && keys.next()) {
          if (ids.contains(keys.key().snapshot())) {
            some.add(keys.key().pos());
          }
        }
      }
      if (!some.isEmpty()) {
        List<Bpos> batch = List.copyOf(some);
        from = batch.getLast();
        context.transact(transaction -> batch.forEach(pos -> transaction.delete(btree, pos)));
      }
    } while (some.size() == BATCH);
  }
}
