// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;

/**
 * A cursor on one key: its header unpacked, its value where it lies. Reused from key to key;
 * whoever keeps a key beyond the next step of its iterator keeps a {@link #copy}. Not thread-safe.
 *
 * <p>{@link #size} is 0 for keys that are no extents. Versions: {@code bversion} hi (u32) and lo
 * (u64).
 */
public final class Bkey {
  /** Bytes of an unpacked key header. Source: {@code struct bkey}. */
  public static final int BYTES = 40;

  public static final int U64S = BYTES / 8;
  public static final int OFFSET_U64S = 0;
  public static final int OFFSET_FORMAT = 1;
  public static final int OFFSET_TYPE = 2;
  public static final int OFFSET_PAD = 3;
  public static final int OFFSET_VERSION_LO = 4;
  public static final int OFFSET_VERSION_HI = 12;
  public static final int OFFSET_SIZE = 16;
  public static final int OFFSET_SNAPSHOT = 20;
  public static final int OFFSET_OFFSET = 24;
  public static final int OFFSET_INODE = 32;

  /** The low seven bits of byte 1; the eighth is needs_whiteout, which readers ignore. */
  public static final int FORMAT_MASK = 0x7f;

  public static final int FORMAT_LOCAL = 0;
  public static final int FORMAT_CURRENT = 1;

  private long inode;
  private long offset;
  private int snapshot;
  private int size;
  private int versionHi;
  private long versionLo;
  private int type;
  private MemorySegment segment = MemorySegment.NULL;
  private long valueOffset;
  private int valueBytes;

  public long inode() {
    return inode;
  }

  public long offset() {
    return offset;
  }

  public int snapshot() {
    return snapshot;
  }

  /** Length of an extent in 512-byte sectors, unsigned. */
  public int size() {
    return size;
  }

  /** First sector of an extent: {@code offset - size}. */
  public long start() {
    return offset - Integer.toUnsignedLong(size);
  }

  public int versionHi() {
    return versionHi;
  }

  public long versionLo() {
    return versionLo;
  }

  /** The key type's number; see {@link KeyType}. */
  public int type() {
    return type;
  }

  /** What the value's bytes lie in. */
  public MemorySegment segment() {
    return segment;
  }

  /** Byte offset of the value in {@link #segment}. */
  public long valueOffset() {
    return valueOffset;
  }

  /** Length of the value in bytes, a multiple of 8. */
  public int valueBytes() {
    return valueBytes;
  }

  /** The value's bytes as a slice; allocates, for cold code. */
  public MemorySegment value() {
    return segment.asSlice(valueOffset, valueBytes);
  }

  public Bpos pos() {
    return new Bpos(inode, offset, snapshot);
  }

  public int comparePos(long otherInode, long otherOffset, int otherSnapshot) {
    return Bpos.compare(inode, offset, snapshot, otherInode, otherOffset, otherSnapshot);
  }

  public int comparePos(Bpos other) {
    return comparePos(other.inode(), other.offset(), other.snapshot());
  }

  public Bkey setPos(long newInode, long newOffset, int newSnapshot) {
    inode = newInode;
    offset = newOffset;
    snapshot = newSnapshot;
    return this;
  }

  public Bkey setPos(Bpos pos) {
    return setPos(pos.inode(), pos.offset(), pos.snapshot());
  }

  public Bkey setSize(int sectors) {
    size = sectors;
    return this;
  }

  public Bkey setVersion(int hi, long lo) {
    versionHi = hi;
    versionLo = lo;
    return this;
  }

  public Bkey setType(int newType) {
    type = newType;
    return this;
  }

  public Bkey setValue(MemorySegment in, long at, int bytes) {
    segment = in;
    valueOffset = at;
    valueBytes = bytes;
    return this;
  }

  /** Makes this cursor the same as the other; the value's bytes are shared. */
  public Bkey set(Bkey other) {
    setPos(other.inode, other.offset, other.snapshot).setSize(other.size);
    setVersion(other.versionHi, other.versionLo).setType(other.type);
    return setValue(other.segment, other.valueOffset, other.valueBytes);
  }

  /** A key of its own, value bytes copied to the heap. */
  public Bkey copy() {
    MemorySegment own = MemorySegment.ofArray(new long[valueBytes / 8]);
    MemorySegment.copy(segment, valueOffset, own, 0, valueBytes);
    return new Bkey().set(this).setValue(own, 0, valueBytes);
  }

  /**
   * Reads an unpacked key ({@code bkey_i}) that the caller has bounds-checked: at least 40 bytes,
   * u64s >= 5, and u64s * 8 bytes in the segment.
   */
  public Bkey readUnpacked(MemorySegment in, long at) {
    type = Le.u8(in, at + OFFSET_TYPE);
    versionLo = Le.u64(in, at + OFFSET_VERSION_LO);
    versionHi = Le.u32(in, at + OFFSET_VERSION_HI);
    size = Le.u32(in, at + OFFSET_SIZE);
    snapshot = Le.u32(in, at + OFFSET_SNAPSHOT);
    offset = Le.u64(in, at + OFFSET_OFFSET);
    inode = Le.u64(in, at + OFFSET_INODE);
    return setValue(in, at + BYTES, Le.u8(in, at) * 8 - BYTES);
  }

  /** Writes the key unpacked, header and value; returns its length in bytes. */
  public int writeUnpacked(MemorySegment out, long at) {
    int bytes = BYTES + valueBytes;
    Le.putU8(out, at, bytes / 8);
    Le.putU8(out, at + OFFSET_FORMAT, FORMAT_CURRENT);
    Le.putU8(out, at + OFFSET_TYPE, type);
    Le.putU8(out, at + OFFSET_PAD, 0);
    Le.putU64(out, at + OFFSET_VERSION_LO, versionLo);
    Le.putU32(out, at + OFFSET_VERSION_HI, versionHi);
    Le.putU32(out, at + OFFSET_SIZE, size);
    Le.putU32(out, at + OFFSET_SNAPSHOT, snapshot);
    Le.putU64(out, at + OFFSET_OFFSET, offset);
    Le.putU64(out, at + OFFSET_INODE, inode);
    MemorySegment.copy(segment, valueOffset, out, at + BYTES, valueBytes);
    return bytes;
  }

  @Override
  public String toString() {
    return KeyType.nameOf(type) + " " + pos() + " len " + Integer.toUnsignedString(size);
  }
}
