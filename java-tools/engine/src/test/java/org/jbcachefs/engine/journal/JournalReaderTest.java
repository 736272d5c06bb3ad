// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import static org.jbcachefs.engine.journal.JournalFixture.HAS_OVERWRITES;
import static org.jbcachefs.engine.journal.JournalFixture.NO_FLUSH;
import static org.jbcachefs.engine.journal.JournalFixture.cookies;
import static org.jbcachefs.engine.journal.JournalFixture.deleted;
import static org.jbcachefs.engine.journal.JournalFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetBuilder;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JournalReaderTest {
  private static final int XATTRS = BtreeId.XATTRS.number();

  private static void nothing(JsetBuilder empty) {}

  /** Keys of the xattrs btree: offset to cookie, null for a deletion. */
  private static Map<Long, Long> xattrs(JournalReplay replay) {
    Map<Long, Long> found = new TreeMap<>();
    OverlayKeys keys = replay.overlay().keys(XATTRS, 0);
    Bkey key = new Bkey();
    for (int i = 0; i < keys.size(); i++) {
      keys.get(i, key);
      boolean gone = key.type() == KeyType.DELETED.number();
      found.put(key.offset(), gone ? null : Le.u64(key.segment(), key.valueOffset()));
    }
    return found;
  }

  private static List<String> names(JournalReplay replay) {
    return replay.findings().stream().map(Finding::name).toList();
  }

  @Test
  void theNewestFlushEntryDecidesWhatIsReplayed() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 4, 4, 0, cookies(XATTRS, 40, 1, 2));
    next = journal.write(0, 0, next, 5, 0, NO_FLUSH, cookies(XATTRS, 50, 3));
    next = journal.write(0, 0, next, 6, 5, 0, cookies(XATTRS, 60, 4));
    journal.write(0, 0, next, 7, 0, NO_FLUSH, cookies(XATTRS, 70, 5));
    JournalReplay replay = journal.replay();
    assertEquals(List.of(), names(replay));
    assertEquals(5, replay.firstSeq());
    assertEquals(6, replay.lastSeq());
    assertEquals(7, replay.newestSeq());
    assertEquals(Map.of(3L, 50L, 4L, 60L), xattrs(replay));
  }

  /** The header's last_seq is encrypted, too. */
  @ParameterizedTest
  @EnumSource(names = {"CHACHA20_POLY1305_80", "CHACHA20_POLY1305_128"})
  void anEncryptedJournalIsReplayedFromWhereItsNewestFlushEntrySays(ChecksumType type) {
    FilesystemKey key = new FilesystemKey(new byte[FilesystemKey.BYTES]);
    JournalFixture journal = new JournalFixture(1, 12, type, key);
    for (int bucket = 0; bucket < 8; bucket++) {
      long seq = 4L + bucket;
      journal.write(0, bucket, 0, seq, Math.max(4, seq - 3), 0, cookies(XATTRS, seq * 10, seq));
    }
    JournalReplay replay = journal.replay();
    assertEquals(List.of(), names(replay));
    assertEquals(8, replay.firstSeq());
    assertEquals(11, replay.lastSeq());
    assertEquals(Map.of(8L, 80L, 9L, 90L, 10L, 100L, 11L, 110L), xattrs(replay));
  }

  @Test
  void whatNeverBecameDurableIsAsGoodAsBlacklisted() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 6, 6, 0, JournalReaderTest::nothing);
    journal.write(0, 0, next, 7, 0, NO_FLUSH, JournalReaderTest::nothing);
    SeqBlacklist blacklist =
        journal.reader(SeqBlacklist.of(List.of(new SeqBlacklist.Range(2, 4)))).replay().blacklist();
    assertEquals(
        List.of(new SeqBlacklist.Range(2, 4), new SeqBlacklist.Range(7, 7 + 1 + 4096)),
        blacklist.ranges());
  }

  @Test
  void ofKeysAtOnePositionTheNewestCountsAndDeletionsAreKept() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 1, 1, 0, cookies(XATTRS, 10, 9, 8, 7));
    next = journal.write(0, 0, next, 2, 1, 0, cookies(XATTRS, 20, 8));
    journal.write(
        0,
        0,
        next,
        3,
        1,
        0,
        builder -> {
          builder.entry(JsetEntryType.BTREE_KEYS.number(), XATTRS, 0).key(deleted(9));
          cookies(XATTRS, 30, 7).accept(builder);
          cookies(XATTRS, 31, 7).accept(builder);
        });
    Map<Long, Long> expected = new TreeMap<>(Map.of(7L, 31L, 8L, 20L));
    expected.put(9L, null);
    assertEquals(expected, xattrs(journal.replay()));
  }

  @Test
  void aTornNewestFlushEntryGivesWayToTheOneBefore() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(0, 0, next, 6, 6, 0, cookies(XATTRS, 60, 1));
    journal.flip(0, 0, next * 512L + 100);
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_torn"), names(replay));
    assertEquals(5, replay.lastSeq());
    assertEquals(6, replay.newestSeq());
    assertEquals(Map.of(1L, 50L), xattrs(replay));
  }

  @Test
  void aNewestFlushEntryWhoseDamagedNumberIsBlacklistedIsNoticed() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(0, 0, next, 6, 6, 0, cookies(XATTRS, 60, 1));
    journal.flip(0, 0, next * 512L + Jset.OFFSET_SEQ);
    SeqBlacklist blacklist = SeqBlacklist.of(List.of(new SeqBlacklist.Range(200, 300)));
    JournalReplay replay = journal.reader(blacklist).replay();
    assertEquals(List.of("journal_entry_bad_checksum"), names(replay));
    assertEquals(5, replay.lastSeq());
  }

  @Test
  void aNewestFlushEntryThatBearsTheNumberOfTheOneBeforeIsNoticed() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    next = journal.write(0, 0, next, 0xf8, 0, NO_FLUSH, cookies(XATTRS, 60, 1));
    journal.write(0, 0, next, 7, 7, 0, cookies(XATTRS, 70, 1));
    journal.flip(0, 0, next * 512L + Jset.OFFSET_SEQ);
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_torn"), names(replay));
    assertEquals(5, replay.lastSeq());
  }

  @Test
  void entriesOfTheFilesystemThatWasThereBeforeAreNotMissed() {
    JournalFixture journal = new JournalFixture(1, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    for (int bucket = 1; bucket < 4; bucket++) {
      long seq = 100L + bucket;
      journal.write(~JournalFixture.MAGIC, 0, bucket, 0, seq, seq, 0, JournalReaderTest::nothing);
    }
    assertEquals(List.of(), names(journal.replay()));
    assertEquals(5, journal.replay().newestSeq());
    // Nor if they cannot be recognised by their checksums.
    journal.flip(0, 1, 40);
    journal.flip(0, 2, 40);
    assertEquals(List.of(), names(journal.replay()));
  }

  @Test
  void aGoodCopyOnAnotherDeviceIsPreferred() {
    JournalFixture journal = new JournalFixture(2, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(1, 3, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.flip(0, 0, 100);
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_bad_checksum"), names(replay));
    assertEquals(Finding.Severity.MENDED, replay.findings().getFirst().severity());
    assertEquals(Map.of(1L, 50L), xattrs(replay));
  }

  @Test
  void entriesOfAllDevicesMakeOneJournal() {
    JournalFixture journal = new JournalFixture(3, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(1, 1, 0, 6, 5, 0, cookies(XATTRS, 60, 2));
    journal.write(2, 2, 0, 7, 5, 0, cookies(XATTRS, 70, 3));
    JournalReplay replay = journal.replay();
    assertEquals(List.of(), names(replay));
    assertEquals(Map.of(1L, 50L, 2L, 60L, 3L, 70L), xattrs(replay));
  }

  @Test
  void oneEntryTwiceOnADeviceIsReported() {
    JournalFixture journal = new JournalFixture(1, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(0, 1, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_dup_same_device"), names(replay));
    assertEquals(Map.of(1L, 50L), xattrs(replay));
  }

  @Test
  void differingGoodCopiesAreReported() {
    JournalFixture journal = new JournalFixture(2, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(1, 0, 0, 5, 5, 0, cookies(XATTRS, 51, 1));
    assertEquals(List.of("journal_entry_replicas_data_mismatch"), names(journal.replay()));
  }

  @Test
  void missingEntriesAreReportedUnlessBlacklisted() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, JournalReaderTest::nothing);
    next = journal.write(0, 0, next, 8, 5, 0, JournalReaderTest::nothing);
    journal.write(0, 0, next, 10, 4, 0, JournalReaderTest::nothing);
    JournalReplay replay = journal.replay();
    assertEquals(
        List.of(
            "journal: journal entries 4-4 are missing (replaying 4-10)",
            "journal: journal entries 6-7 are missing (replaying 4-10)",
            "journal: journal entries 9-9 are missing (replaying 4-10)"),
        replay.findings().stream().map(Finding::sentence).toList());
    SeqBlacklist blacklist =
        SeqBlacklist.of(List.of(new SeqBlacklist.Range(4, 5), new SeqBlacklist.Range(7, 8)));
    assertEquals(
        List.of(
            "journal: journal entries 6-6 are missing (replaying 4-10)",
            "journal: journal entries 9-9 are missing (replaying 4-10)"),
        journal.reader(blacklist).replay().findings().stream().map(Finding::sentence).toList());
  }

  @Test
  void blacklistedEntriesDoNotCount() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    next = journal.write(0, 0, next, 6, 0, NO_FLUSH, cookies(XATTRS, 60, 1));
    journal.write(0, 0, next, 71, 5, 0, JournalReaderTest::nothing);
    JournalReplay replay =
        journal.reader(SeqBlacklist.of(List.of(new SeqBlacklist.Range(6, 71)))).replay();
    assertEquals(List.of(), names(replay));
    assertEquals(Map.of(1L, 50L), xattrs(replay));
  }

  @Test
  void leftoversOfAnOlderUseOfABucketAreNotRead() {
    JournalFixture journal = new JournalFixture(1, 4);
    int behind = journal.write(0, 0, 0, 9, 9, 0, cookies(XATTRS, 90, 1));
    journal.write(0, 0, behind, 3, 3, 0, cookies(XATTRS, 30, 2));
    JournalReplay replay = journal.replay();
    assertEquals(List.of(), names(replay));
    assertEquals(1, journal.reader(SeqBlacklist.EMPTY).readAll().entries().size());
  }

  @Test
  void behindADamagedEntryTheNextOneIsFoundBlockByBlock() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    int after = journal.write(0, 0, next, 6, 5, 0, cookies(XATTRS, 60, 2));
    journal.write(0, 0, after, 7, 5, 0, cookies(XATTRS, 70, 3));
    journal.flip(0, 0, next * 512L + 41); // its length
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_bad_checksum"), distinctBadChecksums(replay));
    assertEquals(7, replay.lastSeq());
    assertTrue(xattrs(replay).keySet().containsAll(List.of(1L, 3L)));
  }

  private static List<String> distinctBadChecksums(JournalReplay replay) {
    return names(replay).stream().filter("journal_entry_bad_checksum"::equals).distinct().toList();
  }

  @Test
  void anEntryThatOnlyLostItsMagicStillCounts() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    int after = journal.write(0, 0, next, 6, 5, 0, cookies(XATTRS, 60, 2));
    journal.write(0, 0, after, 7, 5, 0, cookies(XATTRS, 70, 3));
    journal.flip(0, 0, next * 512L + 17);
    JournalReplay replay = journal.replay();
    assertEquals(List.of("journal_entry_bad_magic"), names(replay));
    assertEquals(Map.of(1L, 50L, 2L, 60L, 3L, 70L), xattrs(replay));
  }

  @Test
  void accountingDeltasAreAllKeptInOrder() {
    int accounting = BtreeId.ACCOUNTING.number();
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 1, 1, 0, delta(accounting, 4, 100));
    next = journal.write(0, 0, next, 2, 1, 0, delta(accounting, 3, 7));
    journal.write(0, 0, next, 3, 1, 0, delta(accounting, 4, -1));
    OverlayKeys deltas = journal.replay().overlay().accounting();
    List<String> found = new ArrayList<>();
    Bkey key = new Bkey();
    for (int i = 0; i < deltas.size(); i++) {
      deltas.get(i, key);
      found.add(key.offset() + " " + Le.u64(key.segment(), key.valueOffset()));
    }
    assertEquals(List.of("3 7", "4 100", "4 -1"), found);
    assertEquals(1, deltas.lowerBound(1, 4, 0));
    assertEquals(0, journal.replay().overlay().keys(accounting, 0).size());
  }

  private static Consumer<JsetBuilder> delta(int btree, long offset, long value) {
    Bkey key = JournalFixture.cookie(offset, value).setType(KeyType.ACCOUNTING.number());
    return builder -> builder.entry(JsetEntryType.BTREE_KEYS.number(), btree, 0).key(key);
  }

  @Test
  void rootsClocksAndVersionsAreTheLastOnes() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 1, 1, 0, state(1, 11));
    next = journal.write(0, 0, next, 2, 1, 0, state(0, 22));
    journal.write(0, 0, next, 3, 0, NO_FLUSH, state(3, 33));
    JournalReplay replay = journal.replay();
    assertEquals(0, replay.overlay().root(XATTRS).level());
    assertEquals(22, Le.u64(replay.overlay().root(XATTRS).key().value(), 0));
    assertNull(replay.overlay().root(BtreeId.INODES.number()));
    assertEquals(22, replay.keyVersion());
    assertEquals(22, replay.readClock());
    assertEquals(23, replay.writeClock());
    assertEquals(22, replay.datetime());
  }

  private static Consumer<JsetBuilder> state(int level, long number) {
    return builder ->
        builder
            .entry(JsetEntryType.BTREE_ROOT.number(), XATTRS, level)
            .key(JournalFixture.cookie(-1, number).setType(KeyType.BTREE_PTR_V2.number()))
            .value(new JsetValue.Usage(JsetValue.Usage.KEY_VERSION, number))
            .value(new JsetValue.Clock(false, number))
            .value(new JsetValue.Clock(true, number + 1))
            .value(new JsetValue.DateTime(number));
  }

  @Test
  void legacyBlacklistEntriesIncludeTheirEnd() {
    JournalFixture journal = new JournalFixture(1, 4);
    journal.write(
        0,
        0,
        0,
        9,
        9,
        0,
        builder ->
            builder.value(new JsetValue.Blacklist(2)).value(new JsetValue.BlacklistV2(4, 6)));
    SeqBlacklist blacklist = journal.replay().blacklist();
    assertTrue(blacklist.contains(2) && blacklist.contains(4) && blacklist.contains(6));
    assertFalse(blacklist.contains(3) || blacklist.contains(7));
  }

  @Test
  void aRewindTakesBackWhatWasOverwritten() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 1, 1, HAS_OVERWRITES, update(XATTRS, 10, 0));
    next = journal.write(0, 0, next, 2, 1, HAS_OVERWRITES, update(XATTRS, 20, 10));
    next = journal.write(0, 0, next, 3, 3, HAS_OVERWRITES, update(XATTRS, 30, 20));
    next = journal.write(0, 0, next, 4, 3, HAS_OVERWRITES, update(BtreeId.LRU.number(), 4, 3));
    journal.write(
        0,
        0,
        next,
        5,
        3,
        0,
        builder -> {
          builder.value(new JsetValue.Rewind(4, 1));
          cookies(XATTRS, 50, 6).accept(builder);
        });
    JournalReplay replay = journal.replay();
    assertEquals(List.of(), names(replay));
    assertEquals(Map.of(5L, 10L, 6L, 50L), xattrs(replay));
    OverlayKeys lru = replay.overlay().keys(BtreeId.LRU.number(), 0);
    Bkey key = new Bkey();
    lru.get(0, key);
    assertEquals(4, Le.u64(key.segment(), key.valueOffset()));
    assertEquals(1, replay.firstSeq());
  }

  private static Consumer<JsetBuilder> update(int btree, long value, long old) {
    return keys(JsetEntryType.OVERWRITE, btree, old, 5).andThen(cookies(btree, value, 5));
  }

  @Test
  void aRewindWithoutOverwritesIsReported() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 1, 1, 0, cookies(XATTRS, 10, 5));
    next = journal.write(0, 0, next, 2, 1, 0, cookies(XATTRS, 20, 5));
    journal.write(0, 0, next, 3, 1, 0, builder -> builder.value(new JsetValue.Rewind(2, 1)));
    assertEquals(List.of("journal_rewind_no_overwrites"), names(journal.replay()));
  }

  @Test
  void anEmptyJournalIsReportedNotThrown() {
    JournalReplay replay = new JournalFixture(2, 4).replay();
    assertEquals(List.of("dirty_but_no_journal_entries"), names(replay));
    assertEquals(List.of(), replay.roots());
    assertEquals(0, replay.lastSeq());
  }

  @Test
  void withoutAnyFlushEntryTheNewestIsTaken() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 5, 0, NO_FLUSH, state(1, 11));
    journal.write(0, 0, next, 6, 0, NO_FLUSH, state(1, 22));
    JournalReplay replay = journal.replay();
    assertEquals(List.of("dirty_but_no_journal_entries_post_drop_nonflushes"), names(replay));
    assertEquals(22, Le.u64(replay.overlay().root(XATTRS).key().value(), 0));
  }

  @Test
  void aLongJournalIsReadOnlyAsFarAsItIsLive() {
    JournalFixture journal = new JournalFixture(2, 100);
    for (int i = 0; i < 130; i++) {
      journal.write(i % 2, i / 2 % 90, 0, i + 1, Math.max(1, i - 20), 0, cookies(XATTRS, i, i));
    }
    JournalReader reader = journal.reader(SeqBlacklist.EMPTY);
    JournalReplay live = reader.replay();
    JournalReplay all = reader.replayAll();
    assertEquals(List.of(), names(live));
    assertEquals(xattrs(all), xattrs(live));
    assertEquals(130 - 109 + 1, xattrs(live).size());
    assertEquals(all.overlay().btrees(), live.overlay().btrees());
  }

  @Test
  void bucketsBeyondTheDeviceAreReportedAndSkipped() {
    JournalFixture journal = new JournalFixture(1, 4);
    journal.write(0, 0, 0, 5, 5, 0, JournalReaderTest::nothing);
    JournalDevice device =
        new JournalDevice(
            0,
            journal.device(0),
            JournalFixture.BUCKET_SECTORS,
            List.of(new JournalDevice.BucketRange(JournalFixture.FIRST_BUCKET, 1L << 50)));
    JournalReplay replay =
        new JournalReader(JournalFixture.FORMAT, List.of(device), SeqBlacklist.EMPTY, 1).replay();
    assertEquals(List.of("journal_bucket_beyond_device"), names(replay));
    assertEquals(5, replay.lastSeq());
  }

  @Test
  void bigEndianEntriesAreRefused() {
    JournalFixture journal = new JournalFixture(1, 4);
    journal.write(0, 0, 0, 5, 5, 1 << 4, JournalReaderTest::nothing);
    RefusedException refused = assertThrows(RefusedException.class, journal::replay);
    assertEquals("big_endian", refused.reason());
  }

  @Test
  void aFailingDeviceIsReportedAndTheOthersAreRead() {
    JournalFixture journal = new JournalFixture(2, 4);
    journal.write(0, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.write(1, 0, 0, 5, 5, 0, cookies(XATTRS, 50, 1));
    journal.device(0).close();
    JournalReplay replay = journal.replay();
    assertTrue(names(replay).stream().allMatch("device_error"::equals));
    assertFalse(names(replay).isEmpty());
    assertEquals(Map.of(1L, 50L), xattrs(replay));
  }

  @Test
  void theCleanSectionGivesRootsAndNoKeys() {
    MemorySegment memory = MemorySegment.ofArray(new long[256]);
    JsetBuilder builder = new JsetBuilder(memory, 0).header(0, 0, 0, 0, 0);
    state(1, 7).andThen(cookies(XATTRS, 1, 1)).accept(builder);
    JournalReplay replay =
        JournalReader.clean(99, memory.asSlice(56, memory.byteSize() - 56), SeqBlacklist.EMPTY);
    assertTrue(replay.clean());
    assertEquals(99, replay.lastSeq());
    assertEquals(7, replay.keyVersion());
    assertEquals(1, replay.roots().size());
    assertEquals(0, replay.overlay().keys(XATTRS, 0).size());
    assertEquals(List.of(), names(replay));
  }

  @Test
  void rangesOfTheBlacklistMergeAndTheirEndsAreExclusive() {
    SeqBlacklist blacklist =
        SeqBlacklist.of(
            List.of(
                new SeqBlacklist.Range(10, 20),
                new SeqBlacklist.Range(20, 25),
                new SeqBlacklist.Range(3, 3),
                new SeqBlacklist.Range(-5, -2)));
    assertEquals(
        List.of(new SeqBlacklist.Range(10, 25), new SeqBlacklist.Range(-5, -2)),
        blacklist.ranges());
    assertTrue(blacklist.contains(10) && blacklist.contains(24) && blacklist.contains(-3));
    assertFalse(blacklist.contains(9) || blacklist.contains(25) || blacklist.contains(-2));
    assertEquals(25, blacklist.nextAllowed(12));
    assertEquals(9, blacklist.nextAllowed(9));
    assertEquals(10, blacklist.nextBlacklisted(0));
    assertEquals(-5, blacklist.nextBlacklisted(25));
    assertEquals(-1, blacklist.nextBlacklisted(-1));
  }
}
