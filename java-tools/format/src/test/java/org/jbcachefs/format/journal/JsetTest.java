// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsetTest {
  private static final long MAGIC = Jset.magic(0x1122334455667788L);
  private static final int VERSION = 1062;

  private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);

  private static Bkey key(long inode, long offset, int type, int valueBytes) {
    MemorySegment value = MemorySegment.ofArray(new long[valueBytes / 8]);
    value.fill((byte) 0x5a);
    return new Bkey().setPos(inode, offset, -1).setType(type).setValue(value, 0, valueBytes);
  }

  private Jset build(ChecksumType checksum) {
    JsetBuilder builder = new JsetBuilder(memory, 0);
    builder.header(MAGIC, 7, VERSION, checksum.number(), 3);
    builder.entry(JsetEntryType.BTREE_KEYS.number(), 1, 0);
    builder.key(key(1, 2, KeyType.COOKIE.number(), 8));
    builder.key(key(1, 3, KeyType.DELETED.number(), 0));
    builder.value(new JsetValue.DateTime(12));
    assertEquals(512, builder.finish(512));
    return new Jset().wrap(memory, 0);
  }

  static Stream<JsetValue> values() {
    return Stream.of(
        new JsetValue.Blacklist(5),
        new JsetValue.BlacklistV2(5, 9),
        new JsetValue.Usage(JsetValue.Usage.KEY_VERSION, 77),
        new JsetValue.DataUsage(99, 4, 1, List.of(0, 2, 9)),
        new JsetValue.Clock(true, 123),
        new JsetValue.Clock(false, 124),
        new JsetValue.DevUsage(
            3,
            1,
            2,
            List.of(
                new JsetValue.DevUsage.Counts(4, 5, 6), new JsetValue.DevUsage.Counts(7, 8, 9))),
        new JsetValue.Log("a message"),
        new JsetValue.Log(""),
        new JsetValue.DateTime(1_700_000_000L),
        new JsetValue.RewindLimit(8),
        new JsetValue.Rewind(20, 10));
  }

  @ParameterizedTest
  @MethodSource("values")
  void whatIsWrittenIsReadAgain(JsetValue value) {
    JsetBuilder builder = new JsetBuilder(memory, 0).header(MAGIC, 1, VERSION, 0, 1).value(value);
    builder.finish(512);
    JsetEntry entry = new JsetEntry().over(new Jset().wrap(memory, 0));
    assertTrue(entry.next());
    assertEquals(value.type().number(), entry.type());
    assertEquals(value, JsetValue.read(entry));
    assertFalse(entry.next());
    assertFalse(entry.overrun());
  }

  @Test
  void headerAndKeysAreWhereTheyWereWritten() {
    Jset jset = build(ChecksumType.NONE);
    assertEquals(MAGIC, jset.magic());
    assertEquals(7, jset.seq());
    assertEquals(3, jset.lastSeq());
    assertEquals(VERSION, jset.version());
    assertEquals(56 + 8 + 48 + 40 + 16, jset.bytes());
    JsetEntry entry = new JsetEntry().over(jset);
    assertTrue(entry.next());
    assertEquals(1, entry.btree());
    JsetKeys keys = new JsetKeys().over(entry);
    assertTrue(keys.next());
    assertEquals("cookie 1:2:U32_MAX len 0", keys.read(new Bkey()).toString());
    assertTrue(keys.next());
    assertEquals("deleted 1:3:U32_MAX len 0", keys.read(new Bkey()).toString());
    assertFalse(keys.next());
    assertTrue(entry.next());
    assertEquals(new JsetValue.DateTime(12), JsetValue.read(entry));
    assertFalse(entry.next());
  }

  @ParameterizedTest
  @EnumSource(ChecksumType.class)
  void anyFlippedByteUnderTheChecksumIsNoticed(ChecksumType type) {
    FilesystemKey key = new FilesystemKey(new byte[FilesystemKey.BYTES]);
    Jset jset = build(type);
    JsetIntegrity.seal(jset, key);
    assertTrue(JsetIntegrity.verify(jset, key));
    for (int at = 0; at < jset.bytes() && type != ChecksumType.NONE; at++) {
      if (at >= Jset.OFFSET_U64S && at < Jset.OFFSET_ENCRYPTED) {
        continue; // a changed length is bounds-checked by whoever wraps it
      }
      Le.putU8(memory, at, Le.u8(memory, at) ^ 0x10);
      assertFalse(JsetIntegrity.verify(jset, key), type + " byte " + at);
      Le.putU8(memory, at, Le.u8(memory, at) ^ 0x10);
    }
    JsetIntegrity.decrypt(jset, key);
    assertEquals(3, jset.lastSeq());
  }

  @Test
  void encryptionHidesAllBehindTheLength() {
    FilesystemKey key = new FilesystemKey(new byte[FilesystemKey.BYTES]);
    Jset jset = build(ChecksumType.CHACHA20_POLY1305_128);
    JsetIntegrity.seal(jset, key);
    assertEquals(7, jset.seq());
    assertFalse(jset.lastSeq() == 3);
    assertFalse(JsetIntegrity.isKnown(jset, null));
    assertFalse(JsetIntegrity.verify(jset, null));
  }

  @Test
  void unknownTypesAreSteppedOver() {
    JsetBuilder builder = new JsetBuilder(memory, 0).header(MAGIC, 1, VERSION, 0, 1);
    MemorySegment raw = MemorySegment.ofArray(new long[] {1, 2, 3});
    builder.entry(200, 9, 9).raw(raw);
    builder.value(new JsetValue.RewindLimit(4));
    builder.finish(512);
    JsetEntry entry = new JsetEntry().over(new Jset().wrap(memory, 0));
    assertTrue(entry.next());
    assertNull(JsetValue.read(entry));
    assertEquals(24, entry.dataBytes());
    assertTrue(entry.next());
    assertEquals(new JsetValue.RewindLimit(4), JsetValue.read(entry));
  }

  private List<String> problems(Jset jset) {
    List<Finding> findings = new ArrayList<>();
    new JsetCheck(Place.NOWHERE, findings::add).check(jset);
    return findings.stream().map(Finding::name).toList();
  }

  @Test
  void aSoundJsetHasNoProblems() {
    assertEquals(List.of(), problems(build(ChecksumType.NONE)));
  }

  @Test
  void anEntryPastTheEndEndsTheRest() {
    Jset jset = build(ChecksumType.NONE);
    Le.putU16(memory, Jset.OFFSET_ENTRIES, 500);
    assertEquals(List.of("journal_entry_past_jset_end"), problems(jset));
    assertFalse(new JsetEntry().over(jset).next());
  }

  @Test
  void keysOfImpossibleLengthEndTheEntryAndOtherFormatsAreLeftOut() {
    Jset jset = build(ChecksumType.NONE);
    int firstKey = Jset.OFFSET_ENTRIES + JsetEntry.BYTES;
    Le.putU8(memory, firstKey + Bkey.OFFSET_FORMAT, Bkey.FORMAT_LOCAL);
    assertEquals(List.of("journal_entry_bkey_bad_format"), problems(jset));
    JsetEntry entry = new JsetEntry().over(jset);
    assertTrue(entry.next());
    JsetKeys keys = new JsetKeys().over(entry);
    assertTrue(keys.next());
    assertEquals(3, keys.read(new Bkey()).offset());

    Le.putU8(memory, firstKey, 0);
    assertEquals(List.of("journal_entry_bkey_u64s_0"), problems(jset));
    assertFalse(keys.over(entry).next());
    Le.putU8(memory, firstKey, 255);
    assertEquals(List.of("journal_entry_bkey_past_end"), problems(jset));
    assertFalse(keys.over(entry).next());
  }

  @Test
  void aKeyShorterThanAHeaderIsNamed() {
    Jset jset = build(ChecksumType.NONE);
    int firstKey = Jset.OFFSET_ENTRIES + JsetEntry.BYTES;
    Le.putU8(memory, firstKey, 1);
    Le.putU8(memory, firstKey + Bkey.OFFSET_FORMAT, Bkey.FORMAT_CURRENT);
    assertTrue(problems(jset).contains("bkey_u64s_too_small"));
  }

  @Test
  void aNewerLastSeqAndAnUnknownVersionAreNamed() {
    JsetBuilder builder = new JsetBuilder(memory, 0);
    builder.header(MAGIC, 7, 5 << 10, 0, 8).finish(512);
    assertEquals(
        List.of("jset_unsupported_version", "jset_last_seq_newer_than_seq"),
        problems(new Jset().wrap(memory, 0)));
  }

  @ParameterizedTest
  @MethodSource("values")
  void entriesTooShortForTheirTypeAreNamed(JsetValue value) {
    JsetBuilder builder = new JsetBuilder(memory, 0).header(MAGIC, 1, VERSION, 0, 1);
    builder.entry(value.type().number(), 0, 0);
    builder.finish(512);
    boolean anyLength = value instanceof JsetValue.Log;
    assertEquals(anyLength ? 0 : 1, problems(new Jset().wrap(memory, 0)).size());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void randomBytesOnlyEverMakeProblems(long seed) {
    Random random = new Random(seed);
    byte[] bytes = new byte[4096];
    for (int round = 0; round < 300; round++) {
      random.nextBytes(bytes);
      for (int at = 56; at + 8 <= bytes.length && round % 2 == 0; at += 8) {
        bytes[at + 1] = 0; // shorter entries, so that more of them are reached
        bytes[at] &= 15;
        bytes[at + 4] &= 15;
      }
      MemorySegment segment = MemorySegment.ofArray(bytes);
      Le.putU32(segment, Jset.OFFSET_U64S, (4096 - 56) / 8);
      Jset jset = new Jset().wrap(segment, 0);
      problems(jset);
      JsetEntry entry = new JsetEntry().over(jset);
      StringBuilder text = new StringBuilder();
      JsetEntryText printer =
          new JsetEntryText(
              (out, btree, level, key) -> out.append(key),
              List.of("free"),
              java.time.ZoneOffset.UTC);
      while (entry.next()) {
        printer.append(text, entry, "  ");
        try {
          JsetValue.read(entry);
        } catch (CorruptionException e) {
          assertFalse(e.errorName().isEmpty(), "seed " + seed);
        }
      }
    }
  }

  @Test
  void textIsInTheWordingThatUsersKnow() {
    JsetBuilder builder = new JsetBuilder(memory, 0).header(MAGIC, 1, VERSION, 0, 1);
    values().forEach(builder::value);
    builder.entry(JsetEntryType.BTREE_KEYS.number(), 2, 0);
    builder.key(key(1, 2, KeyType.COOKIE.number(), 8));
    builder.key(key(1, 3, KeyType.COOKIE.number(), 8));
    builder.entry(77, 0, 0);
    builder.finish(512);
    JsetEntryText printer =
        new JsetEntryText(
            (out, btree, level, key) -> out.append(key.pos()),
            List.of("free", "sb"),
            java.time.ZoneOffset.UTC);
    StringBuilder text = new StringBuilder();
    JsetEntry entry = new JsetEntry().over(new Jset().wrap(memory, 0));
    while (entry.next()) {
      printer.append(text, entry, "");
      text.append('\n');
    }
    assertEquals(
        """
        blacklist: seq=5
        blacklist_v2: start=5 end=9
        usage: type=key_version v=77
        data_usage: (unknown data_type 4): 1/3 [0 2 9]=99
        clock: write=123
        clock: read=124
        dev_usage: dev=3
          free: buckets=4 sectors=5 fragmented=6
          sb: buckets=7 sectors=8 fragmented=9
        log: a message
        log:\s
        datetime: Tue Nov 14 22:13:20 2023
        rewind_limit: seq 8
        rewind: from 20 to 10
        btree_keys: btree=dirents level=0 1:2:U32_MAX
        btree_keys: btree=dirents level=0 1:3:U32_MAX
        (unknown jset_entry_type 77)
        """,
        text.toString());
  }

  @Test
  void logsAreReadUpToTheFirstZero() {
    byte[] bytes = "abc\0def\0".getBytes(StandardCharsets.US_ASCII);
    JsetBuilder builder = new JsetBuilder(memory, 0).header(MAGIC, 1, VERSION, 0, 1);
    builder.entry(JsetEntryType.LOG.number(), 0, 1).raw(MemorySegment.ofArray(bytes));
    builder.finish(512);
    JsetEntry entry = new JsetEntry().over(new Jset().wrap(memory, 0));
    assertTrue(entry.next());
    assertEquals(new JsetValue.Log("abc"), JsetValue.read(entry));
  }
}
