// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.extent.ExtentCrc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is remembered of extents' blocks is right, or it is nothing. */
class BlockChecksumsTest {
  private static final int BLOCK = 4096;
  private static final int ENOUGH = 1 << 20;
  private static final int SECTOR = 512;

  private final BlockChecksums.Wanted wanted = new BlockChecksums.Wanted();

  /** Random bytes at a place of device 1. */
  private record Stored(long sector, ExtentCrc crc, MemorySegment data) {
    static Stored of(ChecksumType type, int sectors, long seed) {
      byte[] bytes = new byte[sectors * SECTOR];
      new Random(seed).nextBytes(bytes);
      MemorySegment data = Arena.ofAuto().allocate(bytes.length, BLOCK).copyFrom(segment(bytes));
      ExtentCrc crc = new ExtentCrc().setPlain(sectors).setTypes(type.number(), 0);
      crc.setChecksum(Checksums.compute(type, data, 0, bytes.length), 0);
      return new Stored(1000 + seed * 10_000, crc, data);
    }

    private static MemorySegment segment(byte[] bytes) {
      return MemorySegment.ofArray(bytes);
    }

    void keep(BlockChecksums table) {
      table.keep(1, sector, crc, data);
    }

    boolean find(BlockChecksums table, long from, long bytes, BlockChecksums.Wanted wanted) {
      return table.find(1, sector, crc, from, bytes, wanted);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ChecksumType.class,
      names = {"CRC32C", "CRC64", "XXHASH"})
  void everySmallReadFindsWhatItsBlocksMustHave(ChecksumType type) {
    BlockChecksums table = new BlockChecksums(SECTOR, ENOUGH);
    Random random = new Random(type.number());
    for (int sectors : new int[] {16, 17, 128, 130, 512, 1023, 2048}) {
      Stored stored = Stored.of(type, sectors, sectors);
      assertFalse(stored.find(table, 0, 1, wanted));
      stored.keep(table);
      for (int i = 0; i < 200; i++) {
        int bytes = 1 + random.nextInt(sectors * SECTOR / 2);
        int from = random.nextInt(sectors * SECTOR - bytes + 1);
        if (stored.find(table, from, bytes, wanted)) {
          long first = wanted.firstByte();
          assertTrue(first <= from && first + wanted.bytes() >= from + bytes);
          assertTrue(wanted.bytes() <= bytes + 2L * BLOCK);
          MemorySegment blocks = stored.data.asSlice(first, wanted.bytes());
          assertTrue(wanted.match(blocks));
          long at = random.nextLong(wanted.bytes());
          byte old = blocks.get(ValueLayout.JAVA_BYTE, at);
          blocks.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ (1 << random.nextInt(8))));
          assertFalse(wanted.match(blocks), "a flipped bit of " + type);
          blocks.set(ValueLayout.JAVA_BYTE, at, old);
        } else {
          int most = sectors * SECTOR / 2;
          assertTrue(bytes + 2 * BLOCK > Math.min(most, 128 * BLOCK), bytes + " of " + sectors);
        }
      }
    }
  }

  @Test
  void whatIsNotWorthItIsNotKept() {
    BlockChecksums table = new BlockChecksums(BLOCK, ENOUGH);
    Stored small = Stored.of(ChecksumType.CRC32C, 8, 1);
    small.keep(table);
    assertFalse(small.find(table, 0, BLOCK, wanted), "one block is the whole");
    Stored large = Stored.of(ChecksumType.CRC32C, 128, 2);
    large.keep(table);
    assertTrue(large.find(table, 0, 32 << 10, wanted));
    assertFalse(large.find(table, 0, 36 << 10, wanted), "more than half of it");
  }

  @Test
  void blocksAreNotSmallerThanTheFilesystems() {
    BlockChecksums table = new BlockChecksums(16 << 10, ENOUGH);
    Stored stored = Stored.of(ChecksumType.CRC32C, 128, 1);
    stored.keep(table);
    assertTrue(stored.find(table, 17 << 10, 10, wanted));
    assertEquals(16 << 10, wanted.firstByte());
    assertEquals(16 << 10, wanted.bytes());
  }

  @Test
  void anotherPlaceSizeKindOrChecksumIsAnotherExtent() {
    BlockChecksums table = new BlockChecksums(BLOCK, ENOUGH);
    Stored stored = Stored.of(ChecksumType.CRC32C, 128, 1);
    stored.keep(table);
    ExtentCrc crc = stored.crc;
    assertTrue(table.find(1, stored.sector, crc, 0, BLOCK, wanted));
    assertFalse(table.find(2, stored.sector, crc, 0, BLOCK, wanted));
    assertFalse(table.find(1, stored.sector + 8, crc, 0, BLOCK, wanted));
    ExtentCrc other = new ExtentCrc().set(crc).setChecksum(crc.checksumLo() + 1, 0);
    assertFalse(table.find(1, stored.sector, other, 0, BLOCK, wanted));
    other.set(crc).setTypes(ChecksumType.CRC64.number(), 0);
    assertFalse(table.find(1, stored.sector, other, 0, BLOCK, wanted));
    other.set(crc).setSizes(136, 136, 0, 0);
    assertFalse(table.find(1, stored.sector, other, 0, BLOCK, wanted));
    other.set(crc).setSizes(128, 128, 64, 0);
    assertTrue(table.find(1, stored.sector, other, 0, BLOCK, wanted), "a part of the same");
  }

  /** A bucket that is used anew, and by chance for what has the same size and checksum. */
  @Test
  void otherBytesOfTheSameKeyDoNotMatch() {
    BlockChecksums table = new BlockChecksums(BLOCK, ENOUGH);
    Stored stored = Stored.of(ChecksumType.CRC32C, 128, 1);
    Stored other = Stored.of(ChecksumType.CRC32C, 128, 2);
    stored.keep(table);
    for (int block = 0; block < 16; block++) {
      assertTrue(stored.find(table, (long) block * BLOCK, BLOCK, wanted));
      assertFalse(wanted.match(other.data.asSlice((long) block * BLOCK, BLOCK)));
    }
    table.keep(1, stored.sector, stored.crc, other.data);
    assertTrue(stored.find(table, 0, BLOCK, wanted));
    assertTrue(wanted.match(other.data.asSlice(0, BLOCK)), "what was read last counts");
  }

  /** Four lines in all: what is in use stays, what is not makes room. */
  @Test
  void whatIsUsedStaysWhereMemoryIsShort() {
    BlockChecksums table = new BlockChecksums(BLOCK, 0);
    List<Stored> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      all.add(Stored.of(ChecksumType.CRC32C, 64, i));
    }
    Stored used = all.getFirst();
    used.keep(table);
    int found = 0;
    for (Stored stored : all.subList(1, all.size())) {
      stored.keep(table);
      found += used.find(table, BLOCK, BLOCK, wanted) && isRight(used, wanted) ? 1 : 0;
    }
    assertEquals(39, found, "used again and again");
    int left = 0;
    for (Stored stored : all) {
      if (stored.find(table, BLOCK, BLOCK, wanted)) {
        assertTrue(isRight(stored, wanted));
        left++;
      }
    }
    assertEquals(4, left);
  }

  private static boolean isRight(Stored stored, BlockChecksums.Wanted wanted) {
    return wanted.match(stored.data.asSlice(wanted.firstByte(), wanted.bytes()));
  }

  /** Readers beside writers of the same few lines find what is right, or nothing. */
  @Test
  void readersBesideWritersFindNothingWrong() throws InterruptedException {
    BlockChecksums table = new BlockChecksums(BLOCK, 0);
    List<Stored> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(Stored.of(ChecksumType.CRC32C, 64, i));
    }
    AtomicInteger found = new AtomicInteger();
    AtomicReference<String> wrong = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(t);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                BlockChecksums.Wanted own = new BlockChecksums.Wanted();
                for (int i = 0; i < 20_000; i++) {
                  Stored stored = all.get(random.nextInt(all.size()));
                  long from = (long) random.nextInt(8) * BLOCK;
                  if (!stored.find(table, from, BLOCK, own)) {
                    stored.keep(table);
                  } else if (isRight(stored, own)) {
                    found.incrementAndGet();
                  } else {
                    wrong.set("sector " + stored.sector + " byte " + from);
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertNull(wrong.get());
    assertTrue(found.get() > 1000, found + " found");
  }
}
