// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.list;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.format.bkey.Bpos;
import org.junit.jupiter.api.Test;

class PositionWordsTest {
  @Test
  void readsPositionsAsTheyArePrinted() throws UsageException {
    List<Bpos> positions =
        List.of(
            Bpos.MIN,
            Bpos.MAX,
            new Bpos(-1, -1, 0),
            new Bpos(4096, 8, -2),
            new Bpos(1, -1, -1),
            new Bpos(1L << 62, 0, 7));
    for (Bpos pos : positions) {
      assertEquals(pos, PositionWords.position(pos.toString()));
    }
  }

  @Test
  void offsetAndSnapshotMayBeLeftOut() throws UsageException {
    assertEquals(new Bpos(4096, 0, 0), PositionWords.position("4096"));
    assertEquals(new Bpos(4096, 8, 0), PositionWords.position("4096:8"));
  }

  @Test
  void refusesWhatIsNoPosition() {
    for (String word :
        List.of("", "x", "1:2:3:4", "1:2:4294967296", "-1", "1:", "18446744073709551616")) {
      assertThrows(UsageException.class, () -> PositionWords.position(word), word);
    }
  }

  @Test
  void knowsBtreesAndKeyTypesByNameAndNumber() throws UsageException {
    assertEquals(2, PositionWords.btree("dirents"));
    assertEquals(40, PositionWords.btree("40"));
    assertEquals(29, PositionWords.keyType("inode_v3"));
    assertThrows(UsageException.class, () -> PositionWords.btree("nonsense"));
    assertThrows(UsageException.class, () -> PositionWords.btree("63"));
    assertThrows(UsageException.class, () -> PositionWords.keyType("-1"));
  }
}
