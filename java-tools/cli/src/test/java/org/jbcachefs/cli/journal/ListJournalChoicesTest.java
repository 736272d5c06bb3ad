// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.junit.jupiter.api.Test;

class ListJournalChoicesTest {
  private static final int EXTENTS = BtreeId.EXTENTS.number();
  private static final int INODES = BtreeId.INODES.number();

  @Test
  void sequenceNumbersAreOneOrFromOneToAnother() {
    assertEquals(new SeqRange(7, 7), SeqRange.parse("7"));
    assertEquals(new SeqRange(3, 9), SeqRange.parse("9..3"));
    assertEquals(new SeqRange(0, 9), SeqRange.parse("..9"));
    assertEquals(new SeqRange(9, -1), SeqRange.parse("9.."));
    assertTrue(SeqRange.parse("9..").contains(-2));
    assertFalse(SeqRange.parse("9..").contains(8));
    assertThrows(UsageException.class, () -> SeqRange.parse("x"));
    assertThrows(UsageException.class, () -> SeqRange.parse("1..y"));
  }

  @Test
  void keyRangesAreReadAsPositionsArePrinted() {
    assertEquals(
        new KeyRange(EXTENTS, new Bpos(1, 2, 3), INODES, new Bpos(-1, 5, -1)),
        KeyRange.parse("extents:1:2:3-inodes:U64_MAX:5:U32_MAX"));
    assertEquals(
        new KeyRange(INODES, Bpos.MIN, INODES, Bpos.MAX),
        KeyRange.parse("inodes:POS_MIN-inodes:SPOS_MAX"));
    assertEquals(
        new KeyRange(INODES, new Bpos(0, 4096, 0), INODES, new Bpos(0, 4096, 0)),
        KeyRange.parse("inodes:0:4096"));
    for (String wrong :
        List.of("inodes", "nothing:1:2", "inodes:1", "inodes:1:2:3:4", "inodes:a:b")) {
      assertThrows(UsageException.class, () -> KeyRange.parse(wrong), wrong);
    }
  }

  @Test
  void rangesWithoutSnapshotsMatchKeysOfAnySnapshot() {
    Bkey key = new Bkey().setPos(0, 4096, -1);
    assertTrue(KeyRange.parse("inodes:0:4096").contains(INODES, key));
    assertFalse(KeyRange.parse("inodes:0:4096:7").contains(INODES, key));
    assertFalse(KeyRange.parse("extents:0:4096").contains(INODES, key));
  }

  /** Names of the wanted ones of two transactions: "one" on inodes, "two", a message alone. */
  private static List<String> wanted(TransactionFilter filter) {
    MemorySegment memory = MemorySegment.ofArray(new long[512]);
    JsetBuilder builder = new JsetBuilder(memory, 0).header(0, 1, 1062, 0, 1);
    log(builder, 0, "one");
    builder.entry(JsetEntryType.BTREE_KEYS.number(), INODES, 0);
    builder.key(new Bkey().setPos(0, 4096, -1).setType(KeyType.DELETED.number()));
    log(builder, 0, "two");
    log(builder, 1, "a message");
    builder.finish(512);
    Jset jset = new Jset().wrap(memory, 0);
    JsetEntry entry = new JsetEntry().over(jset);
    List<String> names = new java.util.ArrayList<>();
    assertTrue(entry.next());
    long secondStart = entry.dataOffset() + 8 + 8 + 40;
    if (filter.wants(entry, secondStart)) {
      names.add("one");
    }
    assertTrue(entry.next());
    assertTrue(entry.next());
    assertEquals(secondStart, entry.offset());
    if (filter.wants(entry, jset.end())) {
      names.add("two");
    }
    return names;
  }

  private static void log(JsetBuilder builder, int level, String text) {
    byte[] bytes = new byte[(text.length() + 7) / 8 * 8];
    System.arraycopy(
        text.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, bytes, 0, text.length());
    builder.entry(JsetEntryType.LOG.number(), 0, level).raw(MemorySegment.ofArray(bytes));
  }

  private static TransactionFilter filter(
      boolean log, boolean logOnly, String btrees, String names, String... keys) {
    return new TransactionFilter(log, logOnly, btrees, names, List.of(keys));
  }

  @Test
  void transactionsAreChosenByBtreeNameKeyAndMessage() {
    assertFalse(filter(false, false, null, null).filtering());
    assertEquals(List.of("one", "two"), wanted(filter(false, false, null, null)));
    assertEquals(List.of("one"), wanted(filter(false, false, "inodes,dirents", null)));
    assertEquals(List.of(), wanted(filter(false, false, "-inodes", null)));
    assertEquals(List.of("one", "two"), wanted(filter(true, false, "inodes", null)));
    assertEquals(List.of("two"), wanted(filter(false, false, null, "tw,x")));
    assertEquals(List.of("one"), wanted(filter(false, false, null, "-tw")));
    assertEquals(List.of("one"), wanted(filter(false, false, null, null, "inodes:0:4096")));
    assertEquals(List.of("two"), wanted(filter(false, false, null, null, "-inodes:0:4096")));
    assertEquals(List.of("two"), wanted(filter(false, true, null, null)));
    assertThrows(UsageException.class, () -> filter(false, false, "none", null));
  }
}
