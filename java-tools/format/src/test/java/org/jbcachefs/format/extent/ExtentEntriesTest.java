// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.junit.jupiter.api.Test;

class ExtentEntriesTest {
  private static final long SEED = 38;
  private static final int SECTORS = 40;

  private final ExtentEntries entries = new ExtentEntries();

  private static Bkey key(KeyType type, long... words) {
    return new Bkey()
        .setType(type.number())
        .setSize(SECTORS)
        .setPos(4096, 80, -1)
        .setValue(MemorySegment.ofArray(words), 0, words.length * 8);
  }

  private static long[] crc(ExtentEntryType type, ExtentCrc crc) {
    long[] words = new long[type.u64s()];
    assertEquals(words.length * 8, crc.pack(type, MemorySegment.ofArray(words), 0));
    return words;
  }

  @Test
  void aPlainExtentIsPointersAlone() {
    entries.of(
        key(
            KeyType.EXTENT,
            ExtentPtr.pack(3, 0xfff_ffff_ffffL, 200, true, false),
            ExtentPtr.pack(255, 17, 0, false, true)),
        ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    assertEquals(3, entries.dev());
    assertEquals(0xfff_ffff_ffffL, entries.sector());
    assertEquals(200, entries.gen());
    assertTrue(entries.cached());
    assertFalse(entries.unwritten());
    assertFalse(entries.hasCrc());
    assertEquals(SECTORS, entries.crc().compressedSectors());
    assertTrue(entries.nextPtr());
    assertEquals(ExtentPtr.NO_DEVICE, entries.dev());
    assertTrue(entries.unwritten());
    assertFalse(entries.nextPtr());
    assertFalse(entries.unreadable());
  }

  @Test
  void wordsOfTheReferenceAreReadAsItPrintsThem() {
    // built by the bit positions of the format's tables, not by this package's own packing
    long crc32 = 0b10L | (7L << 2) | (15L << 9) | (3L << 16) | (5L << 24) | (4L << 28);
    long ptr = 1 | (0x1000L << 4) | (2L << 48) | (9L << 56);
    entries.of(key(KeyType.EXTENT, crc32 | (0xdeadbeefL << 32), ptr), ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    ExtentCrc crc = entries.crc();
    assertEquals(8, crc.compressedSectors());
    assertEquals(16, crc.uncompressedSectors());
    assertEquals(3, crc.offset());
    assertEquals(ChecksumType.CRC32C.number(), crc.checksumType());
    assertEquals(CompressionType.ZSTD.number(), crc.compressionType());
    assertEquals(0xdeadbeefL, crc.checksumLo());
    assertEquals(0x1000, entries.sector());
    assertEquals(2, entries.dev());
    assertEquals(9, entries.gen());
  }

  @Test
  void aCrcHoldsForAllPointersUpToTheNextOneAndAStripePointerForTheNextPointerOnly() {
    ExtentCrc first =
        new ExtentCrc()
            .setSizes(100, 128, 7, 0)
            .setTypes(ChecksumType.CRC32C.number(), CompressionType.LZ4.number())
            .setChecksum(1, 0);
    ExtentCrc second =
        new ExtentCrc()
            .setSizes(40, 40, 0, 3)
            .setTypes(ChecksumType.CHACHA20_POLY1305_80.number(), 0)
            .setChecksum(2, 0xabcd);
    long[] a = crc(ExtentEntryType.CRC32, first);
    long[] b = crc(ExtentEntryType.CRC64, second);
    entries.of(
        key(
            KeyType.EXTENT,
            ExtentFlags.pack(ExtentFlags.POISONED),
            a[0],
            ExtentPtr.pack(0, 1, 0, false, false),
            ExtentStripePtr.pack(77, 5, 2),
            ExtentPtr.pack(1, 2, 0, false, false),
            ExtentPtr.pack(2, 3, 0, false, false),
            b[0],
            b[1],
            ExtentPtr.pack(3, 4, 0, false, false)),
        ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    assertTrue(entries.poisoned());
    assertEquals(128, entries.crc().uncompressedSectors());
    assertEquals(32, entries.diskSectors());
    assertFalse(entries.hasStripe());
    assertTrue(entries.nextPtr());
    assertEquals(100, entries.crc().compressedSectors());
    assertTrue(entries.hasStripe());
    assertEquals(77, entries.stripeIdx());
    assertEquals(5, entries.stripeBlock());
    assertEquals(2, entries.stripeRedundancy());
    assertTrue(entries.nextPtr());
    assertFalse(entries.hasStripe());
    assertTrue(entries.nextPtr());
    assertEquals(3, entries.crc().nonce());
    assertEquals(0xabcd, entries.crc().checksumHi());
    assertEquals(40, entries.diskSectors());
    assertFalse(entries.nextPtr());
  }

  @Test
  void unknownTypesAreSteppedOverIfTheSuperblockTellsTheirSize() {
    long[] words = {
      1L << 9,
      0,
      0,
      ExtentPtr.pack(1, 2, 3, false, false),
      1L << 10,
      ExtentPtr.pack(2, 2, 3, false, false)
    };
    entries.of(key(KeyType.EXTENT, words), ExtentEntrySizes.of(type -> type == 9 ? 3 : 0));
    assertTrue(entries.nextPtr());
    assertEquals(1, entries.dev());
    assertFalse(entries.unreadable());
    assertFalse(entries.nextPtr());
    assertTrue(entries.unreadable());
    entries.of(key(KeyType.EXTENT, words), ExtentEntrySizes.KNOWN);
    assertFalse(entries.nextPtr());
    assertTrue(entries.unreadable());
  }

  @Test
  void entriesThatEndBeyondTheValueAndEmptyWordsMakeTheRestUnreadable() {
    entries.of(key(KeyType.EXTENT, 1L << 3, 0), ExtentEntrySizes.KNOWN);
    assertFalse(entries.next());
    assertTrue(entries.unreadable());
    entries.of(key(KeyType.EXTENT, 0), ExtentEntrySizes.KNOWN);
    assertFalse(entries.next());
    assertTrue(entries.unreadable());
    entries.of(key(KeyType.BTREE_PTR_V2, 1, 2), ExtentEntrySizes.KNOWN);
    assertFalse(entries.next());
    assertTrue(entries.unreadable());
  }

  @Test
  void otherKeyTypesPutTheirEntriesWhereTheyDo() {
    long ptr = ExtentPtr.pack(6, 2, 3, false, false);
    entries.of(key(KeyType.REFLINK_V, 99, ptr), ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    assertEquals(6, entries.dev());
    entries.of(key(KeyType.BTREE_PTR_V2, 0, 0, 0, 0, 0, ptr), ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    assertFalse(entries.nextPtr());
    entries.of(key(KeyType.RESERVATION, ptr), ExtentEntrySizes.KNOWN);
    assertFalse(entries.nextPtr());
    entries.of(key(KeyType.STRIPE, 8 | (1L << 24), ptr, ptr), ExtentEntrySizes.KNOWN);
    assertTrue(entries.nextPtr());
    assertFalse(entries.nextPtr());
    assertFalse(entries.unreadable());
  }

  @Test
  void everyCrcThatFitsComesBackFromTheSmallestEntry() {
    Random random = new Random(SEED);
    ExtentCrc crc = new ExtentCrc();
    int[] kinds = new int[4];
    for (int i = 0; i < 20_000; i++) {
      int limit = 1 << (1 + random.nextInt(13));
      ChecksumType type = ChecksumType.of(random.nextInt(8));
      long mask = type.storedBytes() == 0 ? 0 : -1L >>> (64 - 8 * Math.min(8, type.storedBytes()));
      long maskHi = type.storedBytes() <= 8 ? 0 : -1L >>> (128 - 8 * type.storedBytes());
      crc.setSizes(
          1 + random.nextInt(limit),
          1 + random.nextInt(limit),
          random.nextInt(limit),
          random.nextBoolean() ? 0 : random.nextInt(limit));
      crc.setTypes(type.number(), random.nextInt(6));
      crc.setChecksum(random.nextLong() & mask, random.nextLong() & maskHi);
      ExtentEntryType kind = crc.smallestEntry();
      kinds[kind.number()]++;
      long[] words = crc(kind, crc);
      long[] value = java.util.Arrays.copyOf(words, words.length + 1);
      value[words.length] = 1;
      assertTrue(entries.of(key(KeyType.EXTENT, value), ExtentEntrySizes.KNOWN).nextPtr());
      assertEquals(crc.toString(), entries.crc().toString());
    }
    assertTrue(kinds[1] > 100 && kinds[2] > 100 && kinds[3] > 100);
    assertThrows(IllegalArgumentException.class, () -> crc.setSizes(8193, 1, 0, 0).smallestEntry());
  }

  @Test
  void stalenessWrapsWithTheGenerations() {
    assertEquals(0, ExtentPtr.staleness(7, 7));
    assertEquals(1, ExtentPtr.staleness(0, 255));
    assertEquals(-1, ExtentPtr.staleness(255, 0));
  }

  @Test
  void arbitraryBytesNeverLeadOutOfTheValue() {
    Random random = new Random(SEED);
    KeyType[] types = {
      KeyType.EXTENT, KeyType.REFLINK_V, KeyType.BTREE_PTR, KeyType.BTREE_PTR_V2, KeyType.STRIPE
    };
    long seen = 0;
    for (int i = 0; i < 200_000; i++) {
      long[] words = new long[random.nextInt(12)];
      for (int w = 0; w < words.length; w++) {
        words[w] = random.nextLong() << random.nextInt(10);
      }
      ExtentEntrySizes sizes = ExtentEntrySizes.of(type -> type < 12 ? type % 5 : 0);
      entries.of(key(types[random.nextInt(types.length)], words), sizes);
      int steps = 0;
      while (entries.next()) {
        steps++;
        assertTrue(entries.entryOffset() + entries.entryBytes() <= words.length * 8L);
      }
      assertTrue(steps <= words.length, "seed " + SEED + " round " + i);
      seen += steps;
    }
    assertTrue(seen > 100_000);
  }
}
