// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BposTest {
  @Test
  void successorCarriesFromSnapshotToOffsetToInode() {
    assertEquals(new Bpos(1, 3, 0), new Bpos(1, 2, -1).successor());
    assertEquals(new Bpos(2, 0, 0), new Bpos(1, -1, -1).successor());
    assertEquals(new Bpos(1, 2, 8), new Bpos(1, 2, 7).successor());
    assertThrows(IllegalStateException.class, Bpos.MAX::successor);
  }

  @Test
  void predecessorUndoesSuccessor() {
    for (Bpos pos : new Bpos[] {new Bpos(1, 2, -1), new Bpos(1, -1, -1), new Bpos(1, 2, 7)}) {
      assertEquals(pos, pos.successor().predecessor());
    }
  }

  @Test
  void orderIsUnsignedInodeThenOffsetThenSnapshot() {
    assertTrue(new Bpos(1, 0, 0).compareTo(new Bpos(-1, 0, 0)) < 0);
    assertTrue(new Bpos(1, -1, 0).compareTo(new Bpos(2, 0, 0)) < 0);
    assertTrue(new Bpos(1, 1, 5).compareTo(new Bpos(1, 1, -1)) < 0);
  }
}
