// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class AncestryTest {
  private static final long SEED = 20;

  @Test
  void agreesWithWalksFromParentToParent() {
    Random random = new Random(SEED);
    for (int round = 0; round < 200; round++) {
      Map<Integer, Integer> parents = forest(random, round % 2 == 0);
      Ancestry ancestry = of(parents);
      for (int id : parents.keySet()) {
        for (int above : parents.keySet()) {
          String what = "seed " + SEED + " round " + round + ": " + id + " below " + above;
          assertEquals(walk(parents, id, above), ancestry.isAncestor(id, above), what);
        }
      }
    }
  }

  @Test
  void aParentThatIsNotAboveItsChildIsNone() {
    TreeMap<Integer, Integer> parents = new TreeMap<>(Integer::compareUnsigned);
    parents.put(-1, -2);
    parents.put(-2, -1);
    Ancestry ancestry = of(parents);
    assertTrue(ancestry.isAncestor(-2, -1));
    assertFalse(ancestry.isAncestor(-1, -2));
  }

  @Test
  void anUnknownIdIsItsOwnAncestorOnly() {
    Ancestry ancestry = of(new TreeMap<>());
    assertTrue(ancestry.isAncestor(-5, -5));
    assertFalse(ancestry.isAncestor(-5, -1));
  }

  /** Ids from the highest down, each below one of those before it or a root of its own. */
  private static Map<Integer, Integer> forest(Random random, boolean dense) {
    TreeMap<Integer, Integer> parents = new TreeMap<>(Integer::compareUnsigned);
    int[] made = new int[1 + random.nextInt(40)];
    int id = -1;
    for (int i = 0; i < made.length; i++) {
      made[i] = id;
      parents.put(id, i == 0 || random.nextInt(10) == 0 ? 0 : made[random.nextInt(i)]);
      id -= dense ? 1 : 1 + random.nextInt(50_000_000);
    }
    return parents;
  }

  private static Ancestry of(Map<Integer, Integer> parents) {
    return new Ancestry(
        parents.keySet().stream().mapToInt(Integer::intValue).toArray(),
        parents.values().stream().mapToInt(Integer::intValue).toArray());
  }

  private static boolean walk(Map<Integer, Integer> parents, int id, int above) {
    for (int at = id; at != 0; at = parents.get(at)) {
      if (at == above) {
        return true;
      }
    }
    return false;
  }
}
