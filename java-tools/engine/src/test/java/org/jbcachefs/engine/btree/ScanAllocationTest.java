// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.junit.jupiter.api.Test;

class ScanAllocationTest {
  /** What one step to the next node may allocate: positions, a segment, a descent. */
  private static final long BYTES_PER_NODE = 2048;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void aScanAllocatesNothingPerKey() {
    try (GoldenBtrees golden = GoldenBtrees.open("multi-file-tree")) {
      for (BtreeId btree : new BtreeId[] {BtreeId.EXTENTS, BtreeId.INODES, BtreeId.DIRENTS}) {
        scan(golden, btree.number(), 0);
        long nodes = scan(golden, btree.number(), 1);
        long before = threads.getCurrentThreadAllocatedBytes();
        long keys = scan(golden, btree.number(), 0);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(keys > 20_000, () -> btree + " has " + keys + " keys");
        assertTrue(
            allocated < BYTES_PER_NODE * (nodes + 2),
            () -> btree + ": " + allocated + " bytes for " + keys + " keys");
      }
    }
  }

  private static long scan(GoldenBtrees golden, int btree, int level) {
    long keys = 0;
    try (KeyIterator iterator = golden.btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      while (iterator.next()) {
        keys++;
      }
    }
    return keys;
  }
}
