// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.HashMap;
import java.util.Map;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.Snapshot;

/**
 * Tells which keys are in snapshots that exist, and counts those that are not: one finding for each
 * snapshot and btree.
 */
final class SnapshotKeys {
  private final SnapshotFacts facts;
  private final BtreeId btree;
  private final Map<Integer, Strays> strays = new HashMap<>();
  private int lastId;
  private boolean lastCounts;

  private static final class Strays {
    private final Bpos first;
    private long keys;

    Strays(Bpos first) {
      this.first = first;
    }
  }

  SnapshotKeys(SnapshotFacts facts, BtreeId btree) {
    this.facts = facts;
    this.btree = btree;
  }

  /**
   * Whether a key is in a snapshot that counts: not in one that does not exist, was deleted or is
   * about to be, or belongs to a damaged tree. Keys of an inner snapshot that should have none are
   * reported, but count: its descendants see them.
   */
  boolean counts(Bkey key) {
    int id = key.snapshot();
    if (id == lastId) {
      return lastCounts;
    }
    boolean live = facts.isLive(id);
    boolean counts = !facts.isIgnored(id);
    if (live) {
      lastId = id;
      lastCounts = counts;
    } else {
      strays.computeIfAbsent(id, _ -> new Strays(key.pos())).keys++;
    }
    return counts;
  }

  /** Adds what another range has. */
  void addAll(SnapshotKeys later) {
    later.strays.forEach(
        (id, added) -> strays.computeIfAbsent(id, _ -> new Strays(added.first)).keys += added.keys);
  }

  /** Reports what was counted. */
  void report(Findings findings) {
    strays.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(Integer::compareUnsigned))
        .forEach(entry -> findings.report(finding(entry.getKey(), entry.getValue())));
  }

  private CheckFinding finding(int id, Strays found) {
    Snapshot node = facts.snapshots().get(id);
    String what =
        found.keys
            + (found.keys == 1 ? " key is" : " keys, this one first, are")
            + " in snapshot "
            + Integer.toUnsignedString(id);
    return node == null
        ? CheckFinding.of(FsckError.BKEY_IN_MISSING_SNAPSHOT, what + ", which does not exist")
            .at(btree, found.first)
        : CheckFinding.of(FsckError.BKEY_IN_DELETED_SNAPSHOT, what + ", which was deleted")
            .at(btree, found.first);
  }
}
