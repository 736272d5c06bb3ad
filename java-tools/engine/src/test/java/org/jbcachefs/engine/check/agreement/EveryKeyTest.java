// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.format.bkey.KeyType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A filesystem of which a single key is lost or changed, for each key in its turn. A repair ends,
 * nothing is wrong afterwards, no file that could be read is lost, and no zeros stand in for data.
 * Of each kind every so many'th key is tried; {@code -Djbcachefs.repair.every=1} tries all.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EveryKeyTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final int EVERY = Integer.getInteger("jbcachefs.repair.every", 0);
  private static final int SELDOM = 12;

  @TempDir private static Path spill;

  private final Map<String, RepairBase> bases = new HashMap<>();

  /**
   * What is done to keys.
   *
   * @param statement of the editing language, with @ for the key's position
   * @param which keys; all if null
   */
  private record Kind(String base, String btree, String statement, Set<KeyType> which, int every) {}

  private static final Set<KeyType> HIDING =
      Set.of(KeyType.WHITEOUT, KeyType.EXTENT_WHITEOUT, KeyType.HASH_WHITEOUT);

  private static final List<Kind> KINDS =
      List.of(
          new Kind("snapshots", "extents", "delete extents @", HIDING, 1),
          new Kind("snapshots", "inodes", "delete inodes @", HIDING, 1),
          new Kind("snapshots", "dirents", "delete dirents @", HIDING, 1),
          new Kind("snapshots", "snapshots", "delete snapshots @", null, 1),
          new Kind("snapshots", "snapshots", "set snapshots @ parent=0", null, 1),
          new Kind("snapshots", "snapshots", "set snapshots @ subvol^=1", null, 1),
          new Kind("snapshots", "snapshot_trees", "delete snapshot_trees @", null, 1),
          new Kind("snapshots", "subvolumes", "delete subvolumes @", null, 1),
          new Kind("snapshots", "subvolumes", "set subvolumes @ snapshot^=1", null, 1),
          new Kind("snapshots", "subvolume_children", "delete subvolume_children @", null, 1),
          new Kind("snapshots", "inodes", "delete inodes @", Set.of(KeyType.INODE_V3), 8),
          new Kind("snapshots", "inodes", "set inodes @ bi_mode=16877", null, 8),
          new Kind("snapshots", "inodes", "set inodes @ bi_mode=33188", null, 8),
          new Kind("snapshots", "inodes", "set inodes @ bi_size=1", null, 8),
          new Kind("snapshots", "inodes", "set inodes @ bi_hash_seed^=1", null, 8),
          new Kind("snapshots", "dirents", "set dirents @ d_inum^=1", null, 4),
          new Kind("snapshots", "extents", "set extents @ ptr0.gen^=41", Set.of(KeyType.EXTENT), 4),
          new Kind("reflink", "reflink", "delete reflink @", null, 2),
          new Kind("reflink", "extents", "delete extents @", null, 4));

  @TestFactory
  Stream<DynamicTest> isRepaired() {
    return KINDS.stream()
        .map(kind ->
            DynamicTest.dynamicTest(kind.base + ": " + kind.statement, () -> isRepaired(kind)));
  }

  private void isRepaired(Kind kind) {
    RepairBase base = bases.computeIfAbsent(kind.base, RepairBase::golden);
    List<String> failed = new ArrayList<>();
    int every = EVERY > 0 ? EVERY : NIGHTLY ? kind.every : SELDOM * kind.every;
    int index = 0;
    int tried = 0;
    for (List<Inventory.Key> keys : base.inventory().keysByBtree) {
      for (Inventory.Key key : keys) {
        boolean one =
            key.btree().equals(kind.btree)
                && (kind.which == null || kind.which.contains(KeyType.of(key.type())));
        if (one && index++ % every == 0) {
          tried++;
          repair(base, kind.statement.replace("@", key.pos().toString()), failed);
        }
      }
    }
    assertTrue(tried > 0);
    assertEquals(
        "",
        String.join("\n\n", failed),
        () -> "reproduce: -Dtest=EveryKeyTest -Djbcachefs.repair.every=" + every);
  }

  private static void repair(RepairBase base, String damage, List<String> failed) {
    RepairSubject one = new RepairSubject(base, 0, List.of(damage), false, spill);
    try {
      RepairOutcome outcome = one.run();
      if (outcome == null || !outcome.isClean()) {
        failed.add(one + "\n" + one.notes());
      }
    } catch (AssertionError e) {
      failed.add(e.toString());
    }
  }
}
