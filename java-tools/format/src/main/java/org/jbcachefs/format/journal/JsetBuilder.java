// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;

/**
 * Composes a jset in a segment of the caller's, from the header on, entry after entry. The checksum
 * stays zero until it is sealed. Reusable; not thread-safe.
 *
 * <p>Running out of room throws {@link IndexOutOfBoundsException}; entries are limited to 65535
 * words.
 */
public final class JsetBuilder {
  private static final int NO_ENTRY = -1;

  private final MemorySegment out;
  private final long start;
  private long end;
  private long entry = NO_ENTRY;

  /** Begins at that byte of the segment. */
  public JsetBuilder(MemorySegment out, long start) {
    this.out = out;
    this.start = start;
  }

  /** Writes the header; flags as in {@link Jset}, the checksum type among them. */
  public JsetBuilder header(long magic, long seq, int version, int flags, long lastSeq) {
    out.asSlice(start, Jset.BYTES).fill((byte) 0);
    Le.putU64(out, start + Jset.OFFSET_MAGIC, magic);
    Le.putU64(out, start + Jset.OFFSET_SEQ, seq);
    Le.putU32(out, start + Jset.OFFSET_VERSION, version);
    Le.putU32(out, start + Jset.OFFSET_FLAGS, flags);
    Le.putU64(out, start + Jset.OFFSET_LAST_SEQ, lastSeq);
    end = start + Jset.OFFSET_ENTRIES;
    entry = NO_ENTRY;
    return this;
  }

  /** Begins an entry; keys may follow. */
  public JsetBuilder entry(int type, int btree, int level) {
    entry = end;
    out.asSlice(end, JsetEntry.BYTES).fill((byte) 0);
    Le.putU8(out, end + JsetEntry.OFFSET_BTREE_ID, btree);
    Le.putU8(out, end + JsetEntry.OFFSET_LEVEL, level);
    Le.putU8(out, end + JsetEntry.OFFSET_TYPE, type);
    end += JsetEntry.BYTES;
    return this;
  }

  /** Offset in 8-byte words, from the first entry, of what is added next. */
  public long wordOffset() {
    return (end - start - Jset.OFFSET_ENTRIES) / 8;
  }

  /** Bytes of the header and all entries so far. */
  public long bytes() {
    return end - start;
  }

  /** Says which entry is the oldest one needed; the header said it before. */
  public JsetBuilder lastSeq(long lastSeq) {
    Le.putU64(out, start + Jset.OFFSET_LAST_SEQ, lastSeq);
    return this;
  }

  /** Adds a key to the entry last begun. */
  public JsetBuilder key(Bkey key) {
    end += key.writeUnpacked(out, end);
    return closeEntry();
  }

  /** Adds an entry that holds no keys. */
  public JsetBuilder value(JsetValue value) {
    int which = value instanceof JsetValue.Usage usage ? usage.kind() : 0;
    entry(value.type().number(), which, 0);
    value.write(out, end);
    end += value.dataBytes();
    return closeEntry();
  }

  /** Adds data of an entry as raw bytes, a multiple of 8. */
  public JsetBuilder raw(MemorySegment data) {
    MemorySegment.copy(data, 0, out, end, data.byteSize());
    end += data.byteSize();
    return closeEntry();
  }

  private JsetBuilder closeEntry() {
    long words = (end - entry - JsetEntry.BYTES) / 8;
    if (entry == NO_ENTRY || words > 0xffff) {
      throw new IllegalStateException("no entry begun, or one of " + words + " words");
    }
    Le.putU16(out, entry + JsetEntry.OFFSET_U64S, (int) words);
    return this;
  }

  /**
   * Writes the length and pads with zeros to the next block; returns the padded length in bytes.
   */
  public long finish(int blockBytes) {
    Le.putU32(out, start + Jset.OFFSET_U64S, (int) ((end - start - Jset.BYTES) / 8));
    long padded = (end - start + blockBytes - 1) / blockBytes * blockBytes;
    out.asSlice(end, start + padded - end).fill((byte) 0);
    return padded;
  }
}
