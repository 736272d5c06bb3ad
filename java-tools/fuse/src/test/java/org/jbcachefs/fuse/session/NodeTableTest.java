// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jbcachefs.engine.fs.FileId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeTableTest {
  private static final FileId ROOT = new FileId(1, -5, 4096);
  private static final int GONE = 99;

  private final NodeTable table =
      new NodeTable(ROOT, subvolume -> subvolume == GONE ? 0 : -4 - subvolume);

  @Test
  void theRootIsNodeOneForEver() {
    assertEquals(NodeTable.ROOT, table.remember(ROOT));
    table.forget(NodeTable.ROOT, 100);
    assertEquals(ROOT, table.file(NodeTable.ROOT));
  }

  @Test
  void aFileKeepsItsNumberUntilForgottenAsOftenAsTold() {
    FileId file = new FileId(1, -5, 5000);
    long node = table.remember(file);
    assertEquals(node, table.remember(file));
    table.forget(node, 1);
    assertEquals(file, table.file(node));
    table.forget(node, 1);
    assertNull(table.file(node));
    assertEquals(0, table.size());
  }

  @Test
  void aFileStaysTheSameWhenASnapshotIsMadeOfItsSubvolume() {
    long node = table.remember(new FileId(2, -77, 5000));
    assertEquals(
        new FileId(2, -6, 5000), table.file(node), "its keys are read at the new snapshot");
    assertEquals(node, table.remember(new FileId(2, -6, 5000)));
    assertEquals(node, table.known(new FileId(2, -6, 5000)));
    assertEquals(0, table.known(new FileId(2, -6, 5001)));
    assertNull(table.forget(node, 1));
    assertEquals(new FileId(2, 0, 5000), table.forget(node, 1));
  }

  @Test
  void aFileGoesWithItsSubvolume() {
    assertNull(table.file(table.remember(new FileId(GONE, -6, 5000))));
  }

  @Test
  void oneInodeInTwoSubvolumesIsTwoNodes() {
    long one = table.remember(new FileId(2, -6, 5000));
    long two = table.remember(new FileId(3, -7, 5000));
    assertNotEquals(one, two);
    assertEquals(3, table.file(two).subvolume());
  }

  @Test
  void aNumberIsNeverGivenOutTwice() {
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      long node = table.remember(new FileId(1, -5, 5000 + i % 7));
      assertTrue(seen.add(node), "node " + node + " again");
      table.forget(node, 1);
    }
  }

  @Test
  void numbersThatWereNeverGivenOutAreNoFiles() {
    table.remember(new FileId(1, -5, 5000));
    for (long node : new long[] {0, 2, 15, 16, -1, Long.MIN_VALUE, 1L << 40}) {
      assertNull(table.file(node));
      table.forget(node, 1);
    }
    assertEquals(1, table.size());
  }

  @ParameterizedTest(name = "seed {0}; again: mvn -pl java-tools/fuse test -Dtest=NodeTableTest")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void agreesWithASimpleModel(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<FileId, Long> counts = new HashMap<>();
    Map<FileId, Long> numbers = new HashMap<>();
    for (int step = 0; step < 50_000; step++) {
      int subvolume = 1 + random.nextInt(3);
      FileId file = new FileId(subvolume, -4 - subvolume, 4097 + random.nextInt(2_000));
      if (random.nextInt(3) > 0) {
        long node = table.remember(file);
        Long before = numbers.put(file, node);
        assertTrue(before == null || before == node, "the number changed");
        counts.merge(file, 1L, Long::sum);
      } else if (counts.containsKey(file)) {
        long times = 1 + random.nextLong(counts.get(file));
        table.forget(numbers.get(file), times);
        if (counts.merge(file, -times, Long::sum) == 0) {
          counts.remove(file);
          assertNull(table.file(numbers.remove(file)));
        }
      }
    }
    assertEquals(counts.size(), table.size());
    numbers.forEach((file, node) -> assertEquals(file, table.file(node)));
  }

  @Test
  void growsToManyNodes() {
    List<Long> nodes = new ArrayList<>();
    for (int i = 0; i < 300_000; i++) {
      nodes.add(table.remember(new FileId(1, -5, 5000L + i)));
    }
    for (int i = 0; i < nodes.size(); i += 1000) {
      assertEquals(5000L + i, table.file(nodes.get(i)).inode());
    }
    nodes.forEach(node -> table.forget(node, 1));
    assertEquals(0, table.size());
  }
}
