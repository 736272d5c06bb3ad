// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.extent.ExtentCrc;

/**
 * Checksums of the blocks of extents that were read as a whole and had their checksum, so that the
 * next read of a few blocks need not read the rest. They are of the same kind as the extent's own:
 * nothing is checked less well. Only for what is stored as it was written: the checksums of what is
 * encrypted need a key, and parts of what is compressed are of no use.
 *
 * <p>Known by where the extent lies (device and sector), its size, and its checksum. Nothing has to
 * be forgotten when a bucket is used anew: what lies there then has another checksum, and should it
 * have the same one, its blocks do not match and are read in the ordinary way.
 *
 * <p>Thread-safe. Readers take no lock and allocate nothing; who comes while a line is written
 * finds nothing. Memory is bounded, and taken when the first extent is kept. Lines that were not
 * used since the hand came by last make room for others.
 */
final class BlockChecksums {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;

  /** Smaller ones would cost memory, and the device not less time. */
  private static final int SMALLEST_BLOCK = 4096;

  private static final int WAYS = 4;

  /**
   * Of a line: where it is, the extent's checksum, its size and kind; then the blocks' checksums.
   */
  private static final int PLACE = 0;

  private static final int CHECKSUM = 1;
  private static final int SHAPE = 2;
  private static final int SUMS = 3;
  private static final int SUM_WORDS = 16;
  private static final int LINE_WORDS = SUMS + SUM_WORDS;

  /** Of a set: odd while it is written; then which lines were used, and where the hand is. */
  private static final int STAMP = 0;

  private static final int USED = 1;
  private static final int LINES = 2;
  private static final int SET_WORDS = LINES + WAYS * LINE_WORDS;
  private static final int HAND_SHIFT = WAYS;

  /** Above the 44 bits of a sector. */
  private static final int DEV_SHIFT = 44;

  /** Above device and sector. */
  private static final int LINE_SHIFT = 52;

  private final int blockBytes;
  private final int sets;
  private volatile long[] words;

  /** Blocks that a read wants, and what they must have. Belongs to a thread. */
  static final class Wanted {
    private static final int BLOCKS_MOST = 128;

    private final long[] sums = new long[BLOCKS_MOST];
    private ChecksumType type;
    private int blockBytes;
    private long firstByte;
    private long bytes;

    /** Where in the extent they begin. */
    long firstByte() {
      return firstByte;
    }

    /** How much they are; the extent's last block may be a part of one. */
    long bytes() {
      return bytes;
    }

    /** Whether those bytes, all of the blocks, are what was read before. */
    boolean match(MemorySegment data) {
      int block = 0;
      for (long at = 0; at < bytes; at += blockBytes) {
        long length = Math.min(blockBytes, bytes - at);
        if (Checksums.compute(type, data, at, length) != sums[block++]) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Room for some.
   *
   * @param blockBytes of the filesystem
   * @param mostBytes of memory
   */
  BlockChecksums(int blockBytes, int mostBytes) {
    this.blockBytes = Math.max(SMALLEST_BLOCK, blockBytes);
    this.sets = Math.max(1, mostBytes / (SET_WORDS * Long.BYTES));
  }

  /** Whether a read of so many bytes of an extent is small enough to be read by blocks. */
  private boolean isSmall(ExtentCrc crc, long first, long end) {
    long whole = (long) crc.uncompressedSectors() << SECTOR_SHIFT;
    return (end - first) * 2 <= whole && end - first <= (long) Wanted.BLOCKS_MOST * blockBytes;
  }

  /**
   * Finds what the blocks must have that a read needs; false if it is not known, or if so much is
   * wanted that all may as well be read.
   *
   * @param from first byte in the extent
   */
  boolean find(int dev, long sector, ExtentCrc crc, long from, long bytes, Wanted wanted) {
    long[] table = words;
    long firstBlock = from / blockBytes;
    long endBlock = (from + bytes + blockBytes - 1) / blockBytes;
    if (table == null || !isSmall(crc, firstBlock * blockBytes, endBlock * blockBytes)) {
      return false;
    }
    wanted.type = ChecksumType.of(crc.checksumType());
    int perLine = perLine(wanted.type);
    for (long block = firstBlock; block < endBlock; ) {
      long line = block / perLine;
      int count = (int) (Math.min(endBlock, (line + 1) * perLine) - block);
      int inLine = (int) (block % perLine);
      int to = (int) (block - firstBlock);
      if (!copy(table, place(dev, sector, line), crc, inLine, count, wanted, to)) {
        return false;
      }
      block += count;
    }
    long whole = (long) crc.uncompressedSectors() << SECTOR_SHIFT;
    wanted.blockBytes = blockBytes;
    wanted.firstByte = firstBlock * blockBytes;
    wanted.bytes = Math.min(endBlock * blockBytes, whole) - wanted.firstByte;
    return true;
  }

  private boolean copy(
      long[] table, long place, ExtentCrc crc, int from, int count, Wanted wanted, int to) {
    int set = set(place);
    long stamp = (long) WORD.getAcquire(table, set + STAMP);
    int way = find(table, set, place, crc);
    if (way < 0 || (stamp & 1) != 0) {
      return false;
    }
    int sums = line(set, way) + SUMS;
    boolean halves = isHalf(wanted.type);
    for (int i = 0; i < count; i++) {
      int block = from + i;
      wanted.sums[to + i] =
          halves
              ? Integer.toUnsignedLong(
                  (int) (table[sums + block / 2] >>> (block % 2 * Integer.SIZE)))
              : table[sums + block];
    }
    VarHandle.acquireFence();
    if ((long) WORD.getOpaque(table, set + STAMP) != stamp) {
      return false;
    }
    long used = table[set + USED];
    if ((used & (1L << way)) == 0) {
      // Who does so at the same time may undo it: a line is given up too early then.
      table[set + USED] = used | (1L << way);
    }
    return true;
  }

  /**
   * Keeps the checksums of an extent's blocks.
   *
   * @param crc neither of compressed nor of encrypted data
   * @param data all of the extent, which was found to have its checksum
   */
  void keep(int dev, long sector, ExtentCrc crc, MemorySegment data) {
    long whole = (long) crc.uncompressedSectors() << SECTOR_SHIFT;
    if (whole < 2L * blockBytes) {
      return;
    }
    long[] table = table();
    ChecksumType type = ChecksumType.of(crc.checksumType());
    long lineBytes = (long) perLine(type) * blockBytes;
    long[] sums = new long[SUM_WORDS];
    for (long at = 0; at < whole; at += lineBytes) {
      sum(type, data, at, Math.min(whole, at + lineBytes), sums);
      write(table, place(dev, sector, at / lineBytes), crc, sums);
    }
  }

  private void sum(ChecksumType type, MemorySegment data, long from, long to, long[] sums) {
    Arrays.fill(sums, 0);
    boolean halves = isHalf(type);
    int block = 0;
    for (long at = from; at < to; at += blockBytes) {
      long sum = Checksums.compute(type, data, at, Math.min(blockBytes, to - at));
      if (halves) {
        sums[block / 2] |= sum << (block % 2 * Integer.SIZE);
      } else {
        sums[block] = sum;
      }
      block++;
    }
  }

  private void write(long[] table, long place, ExtentCrc crc, long[] sums) {
    int set = set(place);
    long stamp = (long) WORD.getAcquire(table, set + STAMP);
    if ((stamp & 1) != 0 || !WORD.compareAndSet(table, set + STAMP, stamp, stamp + 1)) {
      // Somebody else writes there; what is read next is kept in its turn.
      return;
    }
    VarHandle.fullFence();
    int way = find(table, set, place, crc);
    int line = line(set, way < 0 ? victim(table, set) : way);
    table[line + PLACE] = place;
    table[line + CHECKSUM] = crc.checksumLo();
    table[line + SHAPE] = shape(crc);
    System.arraycopy(sums, 0, table, line + SUMS, SUM_WORDS);
    WORD.setRelease(table, set + STAMP, stamp + 2);
  }

  /** The first line from the hand on that was not used since the hand came by last. */
  private static int victim(long[] table, int set) {
    long used = table[set + USED];
    int hand = (int) (used >>> HAND_SHIFT);
    while ((used & (1L << hand)) != 0) {
      used &= ~(1L << hand);
      hand = (hand + 1) % WAYS;
    }
    long next = (hand + 1L) % WAYS;
    table[set + USED] = (used & ((1L << WAYS) - 1)) | (next << HAND_SHIFT);
    return hand;
  }

  private static int find(long[] table, int set, long place, ExtentCrc crc) {
    for (int way = 0; way < WAYS; way++) {
      int line = line(set, way);
      if (table[line + PLACE] == place
          && table[line + CHECKSUM] == crc.checksumLo()
          && table[line + SHAPE] == shape(crc)) {
        return way;
      }
    }
    return -1;
  }

  private static int line(int set, int way) {
    return set + LINES + way * LINE_WORDS;
  }

  /** Never 0, which is what an empty line has. */
  private static long shape(ExtentCrc crc) {
    return ((long) crc.checksumType() << Integer.SIZE) | crc.uncompressedSectors();
  }

  private static long place(int dev, long sector, long line) {
    return (line << LINE_SHIFT) | ((long) dev << DEV_SHIFT) | sector;
  }

  private int set(long place) {
    long mixed = place * 0x9e3779b97f4a7c15L;
    return (int) Math.unsignedMultiplyHigh(mixed, sets) * SET_WORDS;
  }

  /** Whether two checksums have room in a word. */
  private static boolean isHalf(ChecksumType type) {
    return type.storedBytes() <= Integer.BYTES;
  }

  private static int perLine(ChecksumType type) {
    return isHalf(type) ? 2 * SUM_WORDS : SUM_WORDS;
  }

  private long[] table() {
    long[] table = words;
    if (table == null) {
      synchronized (this) {
        table = words;
        if (table == null) {
          table = new long[sets * SET_WORDS];
          words = table;
        }
      }
    }
    return table;
  }
}
