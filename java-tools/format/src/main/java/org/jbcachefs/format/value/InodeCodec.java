// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.bytes.Varint;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/** Decodes and encodes the three versions of inodes; {@link InodeLayout} says how they lie. */
final class InodeCodec {
  private static final int FILE_TYPE = 0xf000;

  /** FIFO, character device, directory, block device, regular file, symbolic link, socket. */
  private static final Set<Integer> FILE_TYPES =
      Set.of(0x1000, 0x2000, 0x4000, 0x6000, 0x8000, 0xa000, 0xc000);

  private InodeCodec() {}

  static Inode decode(Bkey key) {
    InodeCursor cursor = new InodeCursor();
    int end = read(key, cursor);
    int header = cursor.version == 3 ? fieldsStart(cursor.flags) - InodeLayout.V3_FIELDS : 0;
    return new Inode(
        cursor.version,
        key,
        cursor.journalSeq,
        cursor.hashSeed,
        cursor.flags,
        cursor.mode,
        cursor.iVersion,
        cursor.fields,
        new Inode.Stored(
            key.valueBytes(),
            fieldCount(cursor),
            Shape.bytes(key, InodeLayout.V3_FIELDS, header),
            rest(key, end)));
  }

  static Optional<InodeBuilder> salvage(Bkey key) {
    if (key.type() != KeyType.INODE_V3.number() || key.valueBytes() < InodeLayout.V3_BYTES) {
      return Optional.empty();
    }
    InodeCursor cursor = new InodeCursor();
    try {
      read(key, cursor);
    } catch (CorruptionException _) {
      // What comes before the damage has been read.
      cursor.version = 3;
    }
    if (!FILE_TYPES.contains(cursor.mode & FILE_TYPE)) {
      return Optional.empty();
    }
    InodeBuilder inode = new InodeBuilder(key.offset(), key.snapshot());
    inode.mode(cursor.mode).flags(cursor.flags()).hash(cursor.strHash(), cursor.hashSeed);
    for (InodeField field : InodeField.V3) {
      inode.set(field, cursor.fields[field.index()]);
    }
    inode.set(InodeField.SECTORS, cursor.fields[InodeField.SECTORS.index()]);
    inode.set(InodeField.SIZE, cursor.fields[InodeField.SIZE.index()]);
    return Optional.of(inode);
  }

  private static int fieldCount(InodeCursor cursor) {
    return switch (cursor.version) {
      case 3 -> InodeLayout.V3_NR_FIELDS.getInt(cursor.flags);
      case 2 -> InodeLayout.V2_NR_FIELDS.getInt(cursor.flags);
      default -> InodeLayout.V1_NR_FIELDS.getInt(cursor.flags);
    };
  }

  /** Reads all fields into a cursor that has none; returns where the padding begins. */
  static int read(Bkey key, InodeCursor into) {
    return switch (KeyType.of(key.type())) {
      case INODE_V3 -> readV3(key, into);
      case INODE_V2 -> readV2(key, into);
      case INODE -> readV1(key, into);
      case null, default ->
          throw new IllegalArgumentException(KeyType.nameOf(key.type()) + " is no inode");
    };
  }

  private static int fieldsStart(long flags) {
    return InodeLayout.V3_FIELDS_START.getInt(flags) * 8;
  }

  private static int readV3(Bkey key, InodeCursor into) {
    requireBytes(key, InodeLayout.V3_BYTES);
    into.version = 3;
    into.flags = Shape.u64(key, InodeLayout.V3_FLAGS);
    int start = fieldsStart(into.flags);
    if (start < InodeLayout.V3_FIELDS || start > key.valueBytes()) {
      throw damaged("inode_v3_fields_start_bad", key, "fields start at byte " + start);
    }
    into.journalSeq = Shape.u64(key, InodeLayout.V3_JOURNAL_SEQ);
    into.hashSeed = Shape.u64(key, InodeLayout.V3_HASH_SEED);
    into.mode = InodeLayout.V3_MODE.getInt(into.flags);
    into.iVersion = Shape.u64(key, InodeLayout.V3_VERSION);
    into.fields[InodeField.SECTORS.index()] = Shape.u64(key, InodeLayout.V3_SECTORS);
    into.fields[InodeField.SIZE.index()] = Shape.u64(key, InodeLayout.V3_SIZE);
    return readFields(key, start, fieldCount(into), InodeField.V3, into.fields);
  }

  private static int readV2(Bkey key, InodeCursor into) {
    requireBytes(key, InodeLayout.V2_BYTES);
    into.version = 2;
    into.flags = Shape.u64(key, InodeLayout.V2_FLAGS);
    into.journalSeq = Shape.u64(key, InodeLayout.V2_JOURNAL_SEQ);
    into.hashSeed = Shape.u64(key, InodeLayout.V2_HASH_SEED);
    into.mode = Shape.u16(key, InodeLayout.V2_MODE);
    return readFields(key, InodeLayout.V2_FIELDS, fieldCount(into), InodeField.V2, into.fields);
  }

  private static int readV1(Bkey key, InodeCursor into) {
    requireBytes(key, InodeLayout.V1_BYTES);
    into.version = 1;
    into.flags = Integer.toUnsignedLong(Shape.u32(key, InodeLayout.V1_FLAGS));
    into.hashSeed = Shape.u64(key, InodeLayout.V1_HASH_SEED);
    into.mode = Shape.u16(key, InodeLayout.V1_MODE);
    int count = fieldCount(into);
    return InodeLayout.V1_NEW_VARINT.isSet(into.flags)
        ? readFields(key, InodeLayout.V1_FIELDS, count, InodeField.V2, into.fields)
        : readOldFields(key, InodeLayout.V1_FIELDS, count, into.fields);
  }

  private static byte[] rest(Bkey key, int end) {
    return Shape.bytes(key, end, key.valueBytes() - end);
  }

  private static void requireBytes(Bkey key, int bytes) {
    if (key.valueBytes() < bytes) {
      throw damaged("bkey_val_size_too_small", key, key.valueBytes() + " < " + bytes + " bytes");
    }
  }

  /**
   * Reads the fields known here; returns where the next one, or the padding, begins. Most of an
   * inode's fields are a single byte, so eight bytes are read at once and several fields taken out
   * of them.
   */
  private static int readFields(
      Bkey key, int start, int count, List<InodeField> order, long[] fields) {
    MemorySegment in = key.segment();
    long end = key.valueOffset() + key.valueBytes();
    long at = key.valueOffset() + start;
    int known = Math.min(count, order.size());
    long word = 0;
    int held = 0;
    int i = 0;
    boolean upperHalf = false;
    while (i < known) {
      InodeField field = order.get(i);
      int length = held == 0 ? 0 : Varint.lengthOf(word);
      long value;
      if (length == 0 || length > held) {
        length = Varint.length(in, at, end);
        if (length < 0) {
          throw unpackError(key, field);
        }
        value = Varint.value(in, at, length);
        if (length < Long.BYTES && at + Long.BYTES <= in.byteSize()) {
          held = (int) Math.min(Long.BYTES, end - at) - length;
          word = Le.u64(in, at) >>> (Byte.SIZE * length);
        } else {
          held = 0;
        }
      } else {
        value = Varint.valueOf(word, length);
        held -= length;
        word >>>= Byte.SIZE * length;
      }
      at += length;
      if (upperHalf) {
        if (value != 0) {
          throw unpackError(key, field);
        }
        upperHalf = false;
      } else {
        requireWidth(key, field, value);
        fields[field.index()] = value;
        upperHalf = field.isWide();
      }
      if (!upperHalf) {
        i++;
      }
    }
    return (int) (at - key.valueOffset());
  }

  private static void requireWidth(Bkey key, InodeField field, long value) {
    if (field.bits() < 64 && value >>> field.bits() != 0) {
      throw unpackError(key, field);
    }
  }

  /** Lengths of the oldest varints by the number of leading zero bits of their first byte. */
  private static final byte[] OLD_LENGTH = {1, 2, 3, 4, 6, 8, 10, 13};

  /** Big-endian numbers; leading zero bits of the first byte say how long each is. */
  private static int readOldFields(Bkey key, int start, int count, long[] fields) {
    int at = start;
    for (int i = 0; i < count && i < InodeField.V2.size(); i++) {
      InodeField field = InodeField.V2.get(i);
      int first = Shape.u8(key, at);
      if (at >= key.valueBytes() || first == 0) {
        throw unpackError(key, field);
      }
      int zeros = Integer.numberOfLeadingZeros(first) - 24;
      int length = OLD_LENGTH[zeros];
      if (at + length > key.valueBytes()) {
        throw unpackError(key, field);
      }
      long high = 0;
      long value = first ^ (0x80 >>> zeros);
      for (int j = 1; j < length; j++) {
        high = high << 8 | value >>> 56;
        value = value << 8 | Shape.u8(key, at + j);
      }
      if (high != 0) {
        throw unpackError(key, field);
      }
      requireWidth(key, field, value);
      fields[field.index()] = value;
      at += length;
    }
    return at;
  }

  private static CorruptionException unpackError(Bkey key, InodeField field) {
    return damaged("inode_unpack_error", key, "its field " + field + " cannot be unpacked");
  }

  private static CorruptionException damaged(String error, Bkey key, String what) {
    return new CorruptionException(
        error, Place.structure("btree inodes").at(key.pos()), "inode is damaged: " + what);
  }

  static void encode(Inode inode, MemorySegment out, long at) {
    Inode.Stored stored = inode.stored();
    out.asSlice(at, stored.valueBytes()).fill((byte) 0);
    long end =
        switch (inode.version()) {
          case 3 -> encodeV3(inode, out, at);
          case 2 -> encodeV2(inode, out, at);
          default -> encodeV1(inode, out, at);
        };
    Shape.put(out, end, stored.beyond());
  }

  private static long encodeV3(Inode inode, MemorySegment out, long at) {
    Le.putU64(out, at + InodeLayout.V3_JOURNAL_SEQ, inode.journalSeq());
    Le.putU64(out, at + InodeLayout.V3_HASH_SEED, inode.hashSeed());
    Le.putU64(out, at + InodeLayout.V3_FLAGS, inode.packedFlags());
    Le.putU64(out, at + InodeLayout.V3_SECTORS, inode.sectors());
    Le.putU64(out, at + InodeLayout.V3_SIZE, inode.size());
    Le.putU64(out, at + InodeLayout.V3_VERSION, inode.iVersion());
    Shape.put(out, at + InodeLayout.V3_FIELDS, inode.stored().header());
    long fields = at + InodeLayout.V3_FIELDS + inode.stored().header().length;
    return writeFields(inode, InodeField.V3, out, fields);
  }

  private static long encodeV2(Inode inode, MemorySegment out, long at) {
    Le.putU64(out, at + InodeLayout.V2_JOURNAL_SEQ, inode.journalSeq());
    Le.putU64(out, at + InodeLayout.V2_HASH_SEED, inode.hashSeed());
    Le.putU64(out, at + InodeLayout.V2_FLAGS, inode.packedFlags());
    Le.putU16(out, at + InodeLayout.V2_MODE, inode.mode());
    return writeFields(inode, InodeField.V2, out, at + InodeLayout.V2_FIELDS);
  }

  private static long encodeV1(Inode inode, MemorySegment out, long at) {
    Le.putU64(out, at + InodeLayout.V1_HASH_SEED, inode.hashSeed());
    Le.putU32(out, at + InodeLayout.V1_FLAGS, (int) inode.packedFlags());
    Le.putU16(out, at + InodeLayout.V1_MODE, inode.mode());
    return InodeLayout.V1_NEW_VARINT.isSet(inode.packedFlags())
        ? writeFields(inode, InodeField.V2, out, at + InodeLayout.V1_FIELDS)
        : writeOldFields(inode, out, at + InodeLayout.V1_FIELDS);
  }

  private static long writeFields(
      Inode inode, List<InodeField> order, MemorySegment out, long start) {
    long at = start;
    for (int i = 0; i < inode.stored().fieldCount() && i < order.size(); i++) {
      at += Varint.encode(out, at, inode.get(order.get(i)));
      if (order.get(i).isWide()) {
        at += Varint.encode(out, at, 0);
      }
    }
    return at;
  }

  private static long writeOldFields(Inode inode, MemorySegment out, long start) {
    long at = start;
    for (int i = 0; i < inode.stored().fieldCount() && i < InodeField.V2.size(); i++) {
      long value = inode.get(InodeField.V2.get(i));
      int zeros = oldZeros(value);
      int length = OLD_LENGTH[zeros];
      for (int j = 0; j < length; j++) {
        int shift = 8 * (length - 1 - j);
        Le.putU8(out, at + j, shift < 64 ? (int) (value >>> shift) : 0);
      }
      Le.putU8(out, at, Le.u8(out, at) | 0x80 >>> zeros);
      at += length;
    }
    return at;
  }

  /** How many bytes that many fields take as the oldest varints. */
  static int oldFieldBytes(long[] fields, int count) {
    int bytes = 0;
    for (int i = 0; i < count && i < InodeField.V2.size(); i++) {
      bytes += OLD_LENGTH[oldZeros(fields[InodeField.V2.get(i).index()])];
    }
    return bytes;
  }

  /** Index of the shortest old length whose value bits hold that number. */
  private static int oldZeros(long value) {
    int bits = 64 - Long.numberOfLeadingZeros(value);
    int zeros = 0;
    while (OLD_LENGTH[zeros] * 8 - zeros - 1 < bits) {
      zeros++;
    }
    return zeros;
  }
}
