// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;

/**
 * A cursor on one journal entry as it lies on disk: the header's fields and its extent. Reusable;
 * not thread-safe. {@link #wrap} wants a whole header; that the entries behind it are there too is
 * the caller's to check against {@link #bytes}.
 *
 * <p>Source: {@code struct jset}.
 */
public final class Jset {
  public static final int OFFSET_CSUM = 0;
  public static final int OFFSET_MAGIC = 16;
  public static final int OFFSET_SEQ = 24;
  public static final int OFFSET_VERSION = 32;
  public static final int OFFSET_FLAGS = 36;
  public static final int OFFSET_U64S = 40;

  /** From here to the end of the entry everything is encrypted, if anything is. */
  public static final int OFFSET_ENCRYPTED = 44;

  public static final int OFFSET_READ_CLOCK = 44;
  public static final int OFFSET_WRITE_CLOCK = 46;
  public static final int OFFSET_LAST_SEQ = 48;
  public static final int OFFSET_ENTRIES = 56;

  /** Bytes of the header. */
  public static final int BYTES = OFFSET_ENTRIES;

  /** The checksum covers everything from here to the end of the entry. */
  public static final int OFFSET_CHECKSUMMED = OFFSET_MAGIC;

  public static final BitRange CSUM_TYPE = new BitRange(0, 4);
  public static final BitRange BIG_ENDIAN = new BitRange(4, 5);
  public static final BitRange NO_FLUSH = new BitRange(5, 6);
  public static final BitRange HAS_OVERWRITES = new BitRange(6, 7);

  /** Bits of the flags that mean something, as of 1.39. */
  public static final int FLAGS_MASK = 0x7f;

  /** XORed with the first eight bytes of the internal uuid this makes the magic. */
  public static final long MAGIC_SEED = 0x245235c1a3625032L;

  /** Writers never make an entry longer than this. Source: {@code JOURNAL_ENTRY_SIZE_MAX}. */
  public static final int WRITTEN_BYTES_MAX = 4 << 20;

  private static final int VERSION_MAJOR_SHIFT = 10;
  private static final int VERSION_MAJOR = 1;
  private static final int VERSION_OLDEST = 9;

  private MemorySegment segment = MemorySegment.NULL;
  private long at;

  /** The magic of a filesystem's jsets, from the first eight bytes of its internal uuid. */
  public static long magic(long uuidWord) {
    return uuidWord ^ MAGIC_SEED;
  }

  /** Whether a version number in an entry is one that this code can read. */
  public static boolean isReadableVersion(int version) {
    return Integer.compareUnsigned(version >>> VERSION_MAJOR_SHIFT, VERSION_MAJOR) <= 0
        && Integer.compareUnsigned(version, VERSION_OLDEST) >= 0;
  }

  public Jset wrap(MemorySegment newSegment, long newAt) {
    segment = newSegment;
    at = newAt;
    return this;
  }

  public MemorySegment segment() {
    return segment;
  }

  /** Where the header begins in {@link #segment}. */
  public long offset() {
    return at;
  }

  public long csumLo() {
    return Le.u64(segment, at + OFFSET_CSUM);
  }

  public long csumHi() {
    return Le.u64(segment, at + OFFSET_CSUM + 8);
  }

  public long magic() {
    return Le.u64(segment, at + OFFSET_MAGIC);
  }

  /** The sequence number, unsigned. */
  public long seq() {
    return Le.u64(segment, at + OFFSET_SEQ);
  }

  public int version() {
    return Le.u32(segment, at + OFFSET_VERSION);
  }

  public int flags() {
    return Le.u32(segment, at + OFFSET_FLAGS);
  }

  public int csumType() {
    return CSUM_TYPE.getInt(flags());
  }

  public boolean bigEndian() {
    return BIG_ENDIAN.isSet(flags());
  }

  /** Counts only once a later flush entry is durable; its {@link #lastSeq} means nothing. */
  public boolean noFlush() {
    return NO_FLUSH.isSet(flags());
  }

  /** Every update in it is preceded by what it replaced, so that it can be rewound. */
  public boolean hasOverwrites() {
    return HAS_OVERWRITES.isSet(flags());
  }

  /** Length of what follows the header in 8-byte words, unsigned. */
  public int u64s() {
    return Le.u32(segment, at + OFFSET_U64S);
  }

  /** The oldest entry still needed when this one was written, unsigned. */
  public long lastSeq() {
    return Le.u64(segment, at + OFFSET_LAST_SEQ);
  }

  /** Length of the entry in bytes, the header included, block padding not. */
  public long bytes() {
    return BYTES + Integer.toUnsignedLong(u64s()) * 8;
  }

  /** Where the entries begin in {@link #segment}. */
  public long entriesStart() {
    return at + OFFSET_ENTRIES;
  }

  /** Where the entry ends in {@link #segment}, block padding not included. */
  public long end() {
    return at + bytes();
  }
}
