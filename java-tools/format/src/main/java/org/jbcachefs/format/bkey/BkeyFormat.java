// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * How the keys of one btree node are packed: six fields (inode, offset, snapshot, size, version hi,
 * version lo), each of a width of its own and stored minus an offset of its own. The fields lie one
 * below the other from the most significant bit of the key's last word down.
 *
 * <p>Immutable and thread-safe. Reading and comparing keys allocates nothing. Source: {@code struct
 * bkey_format}.
 */
public final class BkeyFormat {
  /** Bytes of the format on disk. */
  public static final int BYTES = 56;

  public static final int OFFSET_KEY_U64S = 0;
  public static final int OFFSET_NR_FIELDS = 1;
  public static final int OFFSET_BITS_PER_FIELD = 2;
  public static final int OFFSET_FIELD_OFFSET = 8;

  public static final int FIELD_INODE = 0;
  public static final int FIELD_OFFSET = 1;
  public static final int FIELD_SNAPSHOT = 2;
  public static final int FIELD_SIZE = 3;
  public static final int FIELD_VERSION_HI = 4;
  public static final int FIELD_VERSION_LO = 5;
  public static final int FIELDS = 6;

  /** Bits of the three header bytes (u64s, format, type) below the lowest field. */
  public static final int HEADER_BITS = 24;

  /** The longest value a key may have: one that its unpacked form can still count. */
  public static final int MAX_VALUE_U64S = 255 - Bkey.U64S;

  private static final int[] UNPACKED_BITS = {64, 64, 32, 32, 32, 64};

  /** A format that holds every key: full width, no offsets. */
  public static final BkeyFormat FULL = new BkeyFormat(UNPACKED_BITS, new long[FIELDS]);

  private final int keyU64s;
  private final int[] bits;
  private final long[] fieldOffset;
  private final int positionBits;

  // How to load each field: eight bytes from loadByte, shifted right (or, where a wide field starts
  // below those eight bytes, left by -shift with the missing bits from the byte before), masked.
  private final int[] loadByte = new int[FIELDS];
  private final int[] shift = new int[FIELDS];
  private final long[] mask = new long[FIELDS];

  private BkeyFormat(int[] bits, long[] fieldOffset) {
    this.bits = bits;
    this.fieldOffset = fieldOffset;
    int total = HEADER_BITS;
    for (int width : bits) {
      total += width;
    }
    this.keyU64s = (total + 63) / 64;
    this.positionBits = bits[FIELD_INODE] + bits[FIELD_OFFSET] + bits[FIELD_SNAPSHOT];
    int low = keyU64s * 64;
    for (int field = 0; field < FIELDS; field++) {
      low -= bits[field];
      int endByte = (low + bits[field] + 7) / 8;
      loadByte[field] = Math.max(0, endByte - 8);
      shift[field] = low - loadByte[field] * 8;
      mask[field] = maxOf(bits[field]);
    }
    // A field without bits loads whatever is there and masks it all away.
    for (int field = 0; field < FIELDS; field++) {
      if (bits[field] == 0) {
        loadByte[field] = 0;
        shift[field] = 0;
      }
    }
  }

  /**
   * A format with those widths and offsets, in the order of the fields.
   *
   * @throws IllegalArgumentException if a field is wider than its unpacked form or could overflow
   *     it
   */
  public static BkeyFormat of(int[] bitsPerField, long[] fieldOffset) {
    if (bitsPerField.length != FIELDS || fieldOffset.length != FIELDS) {
      throw new IllegalArgumentException("a bkey format has " + FIELDS + " fields");
    }
    for (int field = 0; field < FIELDS; field++) {
      if (overflows(field, bitsPerField[field], fieldOffset[field])) {
        throw new IllegalArgumentException("field " + field + " can overflow");
      }
    }
    return new BkeyFormat(bitsPerField.clone(), fieldOffset.clone());
  }

  /**
   * Reads a format and checks it.
   *
   * @throws CorruptionException {@code btree_node_bad_format} if the number of fields, a width, an
   *     offset or the key's length is wrong
   */
  public static BkeyFormat parse(MemorySegment in, long at, Place place) {
    int fields = Le.u8(in, at + OFFSET_NR_FIELDS);
    if (fields != FIELDS) {
      throw bad(place, "has " + fields + " fields, expected " + FIELDS);
    }
    int[] bits = new int[FIELDS];
    long[] offsets = new long[FIELDS];
    for (int field = 0; field < FIELDS; field++) {
      bits[field] = Le.u8(in, at + OFFSET_BITS_PER_FIELD + field);
      offsets[field] = Le.u64(in, at + OFFSET_FIELD_OFFSET + 8L * field);
      if (overflows(field, bits[field], offsets[field])) {
        String offset = Long.toUnsignedString(offsets[field]);
        throw bad(place, "field " + field + " too large: " + bits[field] + " bits + " + offset);
      }
    }
    BkeyFormat format = new BkeyFormat(bits, offsets);
    int keyU64s = Le.u8(in, at + OFFSET_KEY_U64S);
    if (keyU64s != format.keyU64s) {
      throw bad(place, "has key_u64s " + keyU64s + ", expected " + format.keyU64s);
    }
    return format;
  }

  private static CorruptionException bad(Place place, String what) {
    return new CorruptionException("btree_node_bad_format", place, "invalid bkey format: " + what);
  }

  private static boolean overflows(int field, int bits, long offset) {
    int unpacked = UNPACKED_BITS[field];
    if (bits < 0 || bits > unpacked) {
      return true;
    }
    long room = maxOf(unpacked) - maxOf(bits);
    return Long.compareUnsigned(offset, room) > 0;
  }

  private static long maxOf(int bits) {
    return bits == 0 ? 0 : -1L >>> (64 - bits);
  }

  /** Words of a packed key, header included, value not. */
  public int keyU64s() {
    return keyU64s;
  }

  public int bits(int field) {
    return bits[field];
  }

  public long fieldOffset(int field) {
    return fieldOffset[field];
  }

  /** Writes the format's 56 bytes. */
  public void write(MemorySegment out, long at) {
    Le.putU8(out, at + OFFSET_KEY_U64S, keyU64s);
    Le.putU8(out, at + OFFSET_NR_FIELDS, FIELDS);
    for (int field = 0; field < FIELDS; field++) {
      Le.putU8(out, at + OFFSET_BITS_PER_FIELD + field, bits[field]);
      Le.putU64(out, at + OFFSET_FIELD_OFFSET + 8L * field, fieldOffset[field]);
    }
  }

  /** Whether the key there is packed in the node's own format. */
  public static boolean isPacked(MemorySegment in, long at) {
    return formatNumber(in, at) == Bkey.FORMAT_LOCAL;
  }

  /** The key's format byte without needs_whiteout: 0 packed, 1 unpacked, anything else invalid. */
  public static int formatNumber(MemorySegment in, long at) {
    return Le.u8(in, at + Bkey.OFFSET_FORMAT) & Bkey.FORMAT_MASK;
  }

  /** Words of the key there without its value. */
  public int headerU64s(MemorySegment in, long at) {
    return isPacked(in, at) ? keyU64s : Bkey.U64S;
  }

  /**
   * Reads the key there, packed or not. The caller has checked that its format is 0 or 1, that its
   * u64s cover its header, and that they lie within the segment.
   */
  public Bkey read(MemorySegment in, long at, Bkey out) {
    if (!isPacked(in, at)) {
      return out.readUnpacked(in, at);
    }
    readPosition(in, at, out);
    out.setSize((int) field(in, at, FIELD_SIZE));
    out.setVersion((int) field(in, at, FIELD_VERSION_HI), field(in, at, FIELD_VERSION_LO));
    out.setType(Le.u8(in, at + Bkey.OFFSET_TYPE));
    int u64s = Le.u8(in, at + Bkey.OFFSET_U64S);
    return out.setValue(in, at + 8L * keyU64s, (u64s - keyU64s) * 8);
  }

  /** Sets only the position of {@code out}; on the same conditions as {@link #read}. */
  public void readPosition(MemorySegment in, long at, Bkey out) {
    if (isPacked(in, at)) {
      out.setPos(
          field(in, at, FIELD_INODE),
          field(in, at, FIELD_OFFSET),
          (int) field(in, at, FIELD_SNAPSHOT));
    } else {
      out.setPos(
          Le.u64(in, at + Bkey.OFFSET_INODE),
          Le.u64(in, at + Bkey.OFFSET_OFFSET),
          Le.u32(in, at + Bkey.OFFSET_SNAPSHOT));
    }
  }

  private long field(MemorySegment in, long at, int field) {
    long from = at + loadByte[field];
    int right = shift[field];
    long word = Le.u64(in, from);
    long value = right >= 0 ? word >>> right : word << -right | Le.u8(in, from - 1) >>> (8 + right);
    return (value & mask[field]) + fieldOffset[field];
  }

  /** Compares the position of the key there with a position. */
  public int comparePosition(MemorySegment in, long at, long inode, long offset, int snapshot) {
    if (!isPacked(in, at)) {
      int order = Long.compareUnsigned(Le.u64(in, at + Bkey.OFFSET_INODE), inode);
      if (order == 0) {
        order = Long.compareUnsigned(Le.u64(in, at + Bkey.OFFSET_OFFSET), offset);
      }
      return order != 0
          ? order
          : Integer.compareUnsigned(Le.u32(in, at + Bkey.OFFSET_SNAPSHOT), snapshot);
    }
    int order = Long.compareUnsigned(field(in, at, FIELD_INODE), inode);
    if (order == 0) {
      order = Long.compareUnsigned(field(in, at, FIELD_OFFSET), offset);
    }
    return order != 0
        ? order
        : Integer.compareUnsigned((int) field(in, at, FIELD_SNAPSHOT), snapshot);
  }

  /** Compares the positions of two keys of this node, each packed or not. */
  public int compareKeys(MemorySegment in, long left, long right) {
    if (isPacked(in, left)) {
      return isPacked(in, right)
          ? comparePacked(in, left, right)
          : -compareUnpackedWithPacked(in, right, left);
    }
    return isPacked(in, right)
        ? compareUnpackedWithPacked(in, left, right)
        : comparePosition(
            in,
            left,
            Le.u64(in, right + Bkey.OFFSET_INODE),
            Le.u64(in, right + Bkey.OFFSET_OFFSET),
            Le.u32(in, right + Bkey.OFFSET_SNAPSHOT));
  }

  private int compareUnpackedWithPacked(MemorySegment in, long unpacked, long packed) {
    return comparePosition(
        in,
        unpacked,
        field(in, packed, FIELD_INODE),
        field(in, packed, FIELD_OFFSET),
        (int) field(in, packed, FIELD_SNAPSHOT));
  }

  // Within one format the packed position fields compare like one big number.
  private int comparePacked(MemorySegment in, long left, long right) {
    int remaining = positionBits;
    for (int word = keyU64s - 1; remaining > 0; word--) {
      int drop = 64 - Math.min(64, remaining);
      long l = Le.u64(in, left + 8L * word) >>> drop;
      long r = Le.u64(in, right + 8L * word) >>> drop;
      if (l != r) {
        return Long.compareUnsigned(l, r);
      }
      remaining -= 64 - drop;
    }
    return 0;
  }

  /** Whether a key's header fits this format. */
  public boolean fits(Bkey key) {
    return fits(FIELD_INODE, key.inode())
        && fits(FIELD_OFFSET, key.offset())
        && fits(FIELD_SNAPSHOT, Integer.toUnsignedLong(key.snapshot()))
        && fits(FIELD_SIZE, Integer.toUnsignedLong(key.size()))
        && fits(FIELD_VERSION_HI, Integer.toUnsignedLong(key.versionHi()))
        && fits(FIELD_VERSION_LO, key.versionLo());
  }

  private boolean fits(int field, long value) {
    return Long.compareUnsigned(value, fieldOffset[field]) >= 0
        && Long.compareUnsigned(value - fieldOffset[field], mask[field]) <= 0;
  }

  /**
   * Writes a key packed, header and value, needs_whiteout clear; false, and nothing written, if a
   * field does not fit.
   */
  public boolean pack(Bkey key, MemorySegment out, long at) {
    if (!fits(key)) {
      return false;
    }
    out.asSlice(at, 8L * keyU64s).fill((byte) 0);
    int low = putField(out, at, keyU64s * 64, FIELD_INODE, key.inode());
    low = putField(out, at, low, FIELD_OFFSET, key.offset());
    low = putField(out, at, low, FIELD_SNAPSHOT, Integer.toUnsignedLong(key.snapshot()));
    low = putField(out, at, low, FIELD_SIZE, Integer.toUnsignedLong(key.size()));
    low = putField(out, at, low, FIELD_VERSION_HI, Integer.toUnsignedLong(key.versionHi()));
    putField(out, at, low, FIELD_VERSION_LO, key.versionLo());
    Le.putU8(out, at + Bkey.OFFSET_U64S, keyU64s + key.valueBytes() / 8);
    Le.putU8(out, at + Bkey.OFFSET_FORMAT, Bkey.FORMAT_LOCAL);
    Le.putU8(out, at + Bkey.OFFSET_TYPE, key.type());
    MemorySegment.copy(key.segment(), key.valueOffset(), out, at + 8L * keyU64s, key.valueBytes());
    return true;
  }

  private int putField(MemorySegment out, long at, int high, int field, long value) {
    if (bits[field] == 0) {
      return high;
    }
    int low = high - bits[field];
    long stored = value - fieldOffset[field];
    long word = at + 8L * (low / 64);
    int up = low % 64;
    Le.putU64(out, word, Le.u64(out, word) | stored << up);
    if (up + bits[field] > 64) {
      Le.putU64(out, word + 8, Le.u64(out, word + 8) | stored >>> (64 - up));
    }
    return low;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BkeyFormat that
        && Arrays.equals(bits, that.bits)
        && Arrays.equals(fieldOffset, that.fieldOffset);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(bits) + Arrays.hashCode(fieldOffset);
  }

  /** As the reference prints it: {@code u64s 3 fields 0:4096, 40:0, ...}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("u64s ").append(keyU64s).append(" fields ");
    for (int field = 0; field < FIELDS; field++) {
      text.append(field == 0 ? "" : ", ").append(bits[field]).append(':');
      text.append(Long.toUnsignedString(fieldOffset[field]));
    }
    return text.toString();
  }
}
