// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReadGoldenBtreesTest {
  static List<String> names() {
    return GoldenImages.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyNodeOfEveryBtreeReadsAndMergesInOrder(String name) {
    try (GoldenBtrees golden = GoldenBtrees.open(name)) {
      int leafKeys = 0;
      for (int btree : golden.btrees.present()) {
        for (int level = golden.btrees.rootLevel(btree); level >= 0; level--) {
          leafKeys = countInOrder(golden.btrees, btree, level);
        }
      }
      assertTrue(leafKeys >= 0);
      assertEquals(List.of(), golden.findings);
    }
  }

  private static int countInOrder(Btrees btrees, int btree, int level) {
    int count = 0;
    Bpos last = null;
    try (KeyIterator keys = btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key();
        String where = BtreeId.nameOf(btree) + " level " + level + " " + key;
        assertTrue(last == null || key.comparePos(last) > 0, where);
        last = key.pos();
        count++;
      }
    }
    return count;
  }
}
