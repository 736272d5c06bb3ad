// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.format.bkey.KeyType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A filesystem that has lost a single key, for each key in its turn: what hid something in a
 * snapshot, and what snapshots and subvolumes are. A repair ends, nothing is wrong afterwards, and
 * no file that could be read is lost.
 */
class EveryKeyTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final String ONLY = System.getProperty("jbcachefs.repair.damage", "");
  private static final int EVERY = Integer.getInteger("jbcachefs.repair.every", NIGHTLY ? 1 : 7);

  @TempDir private static Path spill;

  private static boolean isOne(Inventory.Key key) {
    return switch (key.btree()) {
      case "extents", "inodes", "dirents", "xattrs" ->
          key.type() == KeyType.WHITEOUT.number()
              || key.type() == KeyType.EXTENT_WHITEOUT.number()
              || key.type() == KeyType.HASH_WHITEOUT.number();
      case "snapshots", "snapshot_trees", "subvolumes", "subvolume_children" -> true;
      default -> false;
    };
  }

  @Test
  void ofSnapshots() {
    RepairBase base = RepairBase.golden("snapshots");
    List<String> failed = new ArrayList<>();
    int index = 0;
    int tried = 0;
    for (List<Inventory.Key> keys : base.inventory().keysByBtree) {
      for (Inventory.Key key : keys) {
        String damage = "delete " + key.btree() + " " + key.pos();
        boolean chosen = ONLY.isEmpty() ? index % EVERY == 0 : damage.equals(ONLY);
        if (!isOne(key) || index++ < 0 || !chosen) {
          continue;
        }
        tried++;
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
    System.out.println(tried + " of " + index + " keys lost, one at a time");
    assertTrue(tried > 0);
    assertEquals("", String.join("\n\n", failed));
  }
}
