// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.value.InlineData;
import org.jbcachefs.format.value.ReflinkP;

/**
 * Shortens extents at either end. What lies on the devices stays: pointers before any crc entry
 * move, crc entries say where in their data the rest begins. Thread-safe. Source: {@code
 * bch2_cut_front_s}, {@code bch2_cut_back_s}.
 */
public final class ExtentCut {
  private static final int SECTOR_SHIFT = 9;
  private static final int WORD = Long.BYTES;

  private final ExtentEntrySizes sizes;

  public ExtentCut(ExtentEntrySizes sizes) {
    this.sizes = sizes;
  }

  /** Whether keys of that type take up room of a file, whatever is in it. */
  public static boolean isAllocation(int type) {
    return switch (KeyType.of(type)) {
      case EXTENT, RESERVATION, REFLINK_P, REFLINK_V, INLINE_DATA, INDIRECT_INLINE_DATA, ERROR ->
          true;
      case null, default -> false;
    };
  }

  /** What is left of a key from a sector inside of it on. */
  public Bkey front(Bkey key, long start) {
    Bkey cut = key.copy();
    long by = start - key.start();
    if (by <= 0) {
      return cut;
    }
    cut.setSize((int) (Integer.toUnsignedLong(key.size()) - by));
    switch (KeyType.of(key.type())) {
      case EXTENT, REFLINK_V -> movePointers(cut, key, by);
      case REFLINK_P -> moveReference(cut, by);
      case INLINE_DATA -> dropBytes(cut, 0, by << SECTOR_SHIFT);
      case INDIRECT_INLINE_DATA ->
          dropBytes(cut, InlineData.OFFSET_INDIRECT_DATA, by << SECTOR_SHIFT);
      case null, default -> {}
    }
    return cut;
  }

  /** What is left of a key up to a sector inside of it. */
  public Bkey back(Bkey key, long end) {
    Bkey cut = key.copy();
    if (end >= key.offset()) {
      return cut;
    }
    long size = Integer.toUnsignedLong(key.size()) - (key.offset() - end);
    cut.setPos(key.inode(), end, key.snapshot()).setSize((int) size);
    int before = -1;
    if (key.type() == KeyType.INLINE_DATA.number()) {
      before = 0;
    } else if (key.type() == KeyType.INDIRECT_INLINE_DATA.number()) {
      before = InlineData.OFFSET_INDIRECT_DATA;
    }
    if (before >= 0) {
      long bytes = Math.min(cut.valueBytes(), before + (size << SECTOR_SHIFT));
      cut.setValue(cut.segment(), cut.valueOffset(), (int) bytes);
    }
    return cut;
  }

  private void movePointers(Bkey cut, Bkey key, long by) {
    ExtentEntries entries = new ExtentEntries().of(cut, sizes);
    boolean crcSeen = false;
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      if (type == ExtentEntryType.PTR && !crcSeen) {
        add(cut, entries, ExtentPtr.OFFSET, by);
      } else if (type != null && type.isCrc()) {
        crcSeen = true;
        add(cut, entries, offsetOf(type), by);
      }
    }
    if (entries.unreadable()) {
      throw new CorruptionException(
          "extent_ptrs_invalid_entry",
          Place.structure("btree extents").at(key.pos()),
          "the extent has entries of an unknown kind and cannot be cut");
    }
  }

  private static BitRange offsetOf(ExtentEntryType crc) {
    return switch (crc) {
      case CRC32 -> ExtentCrc.CRC32_OFFSET;
      case CRC64 -> ExtentCrc.CRC64_OFFSET;
      default -> ExtentCrc.CRC128_OFFSET;
    };
  }

  private static void add(Bkey cut, ExtentEntries entries, BitRange field, long by) {
    long word = entries.word();
    Le.putU64(cut.segment(), entries.entryOffset(), field.set(word, field.get(word) + by));
  }

  private static void moveReference(Bkey cut, long by) {
    long at = cut.valueOffset() + ReflinkP.OFFSET_INDEX_AND_FLAGS;
    long word = Le.u64(cut.segment(), at);
    Le.putU64(cut.segment(), at, ReflinkP.INDEX.set(word, ReflinkP.INDEX.get(word) + by));
  }

  private static void dropBytes(Bkey cut, int header, long bytes) {
    int have = cut.valueBytes() - header;
    int drop = (int) Math.min(bytes, have) & -WORD;
    long at = cut.valueOffset() + header;
    java.lang.foreign.MemorySegment.copy(cut.segment(), at + drop, cut.segment(), at, have - drop);
    cut.setValue(cut.segment(), cut.valueOffset(), cut.valueBytes() - drop);
  }
}
