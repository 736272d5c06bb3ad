// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/**
 * A cursor over the typed entries of a jset, or of the superblock's clean section, which has the
 * same ones. Begins before the first; never steps outside of its range. Reusable; not thread-safe;
 * allocates nothing.
 *
 * <p>Entries of unknown type are stepped over like any other: their length is known. Source: {@code
 * struct jset_entry}.
 */
public final class JsetEntry {
  public static final int OFFSET_U64S = 0;
  public static final int OFFSET_BTREE_ID = 2;
  public static final int OFFSET_LEVEL = 3;
  public static final int OFFSET_TYPE = 4;
  public static final int OFFSET_PAD = 5;
  public static final int OFFSET_DATA = 8;

  /** Bytes of an entry's header. */
  public static final int BYTES = OFFSET_DATA;

  private MemorySegment segment = MemorySegment.NULL;
  private long start;
  private long end;
  private long at;
  private long following;
  private boolean overrun;

  /** All entries of that jset, whose end lies within its segment. */
  public JsetEntry over(Jset jset) {
    return over(jset.segment(), jset.entriesStart(), jset.end());
  }

  /** All entries between two byte offsets of the segment. */
  public JsetEntry over(MemorySegment newSegment, long newStart, long newEnd) {
    if (newStart < 0 || newEnd > newSegment.byteSize()) {
      throw new IndexOutOfBoundsException(newStart + ".." + newEnd);
    }
    segment = newSegment;
    start = newStart;
    end = newEnd;
    following = newStart;
    at = newStart;
    overrun = false;
    return this;
  }

  /** Moves to the next entry; false at the end, or where an entry overruns the end. */
  public boolean next() {
    if (following > end - BYTES) {
      overrun |= following < end;
      return false;
    }
    long next = following + BYTES + 8L * Le.u16(segment, following + OFFSET_U64S);
    if (next > end) {
      overrun = true;
      return false;
    }
    at = following;
    following = next;
    return true;
  }

  /** Whether the last step failed because an entry is longer than what holds it. */
  public boolean overrun() {
    return overrun;
  }

  public MemorySegment segment() {
    return segment;
  }

  /** Where the entry's header begins in {@link #segment}. */
  public long offset() {
    return at;
  }

  /** Offset of the entry in 8-byte words from the first entry. */
  public long wordOffset() {
    return (at - start) / 8;
  }

  /** Length of the data in 8-byte words. */
  public int u64s() {
    return Le.u16(segment, at + OFFSET_U64S);
  }

  /** The number of the btree its keys belong to; for {@code usage} which number it is. */
  public int btree() {
    return Le.u8(segment, at + OFFSET_BTREE_ID);
  }

  public int level() {
    return Le.u8(segment, at + OFFSET_LEVEL);
  }

  /** The type's number; see {@link JsetEntryType}. */
  public int type() {
    return Le.u8(segment, at + OFFSET_TYPE);
  }

  public boolean is(JsetEntryType type) {
    return type() == type.number();
  }

  /** Where the data begins in {@link #segment}. */
  public long dataOffset() {
    return at + OFFSET_DATA;
  }

  public int dataBytes() {
    return u64s() * 8;
  }
}
