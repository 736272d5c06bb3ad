// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/**
 * Where the copies of a device's superblock are: one sector at sector 7, without a checksum, and
 * the same again inside every superblock. Source: {@code struct bch_sb_layout}.
 *
 * @param maxSectorsBits log2 of the sectors that are reserved for each copy
 * @param sectors first sector of each copy, ascending
 */
public record SuperblockLayout(UUID magic, int maxSectorsBits, List<Long> sectors) {
  public static final int BYTES = 512;
  public static final int OFFSET_MAGIC = 0;
  public static final int OFFSET_LAYOUT_TYPE = 16;
  public static final int OFFSET_SB_MAX_SIZE_BITS = 17;
  public static final int OFFSET_NR_SUPERBLOCKS = 18;
  public static final int OFFSET_PAD = 19;
  public static final int OFFSET_SB_OFFSET = 24;
  public static final int MAX_COPIES = 61;

  /** Log2 of the most sectors a copy may take: 32 MiB. */
  public static final int MAX_SIZE_BITS = 16;

  /** The sector that holds the layout by itself. */
  public static final long SECTOR = 7;

  public SuperblockLayout {
    sectors = List.copyOf(sectors);
  }

  /**
   * The layout that mkfs gives a device: a copy at sector 8, one behind it, and one at the end.
   *
   * @throws RefusedException if the device is too small
   */
  public static SuperblockLayout forDevice(
      int maxSectorsBits, int blockSectors, int bucketSectors, long deviceSectors) {
    long copySectors = 1L << maxSectorsBits;
    long second = Superblock.SECTOR + copySectors;
    second = (second + blockSectors - 1) / blockSectors * blockSectors;
    long last = (deviceSectors - copySectors) / bucketSectors * bucketSectors;
    if (last < second + copySectors) {
      throw new RefusedException(
          "device_too_small",
          Place.structure("superblock layout"),
          deviceSectors + " sectors have no room for three superblocks of " + copySectors);
    }
    return new SuperblockLayout(
        Superblock.MAGIC, maxSectorsBits, List.of(Superblock.SECTOR, second, last));
  }

  /** The two copies at the beginning alone. */
  public SuperblockLayout withoutCopyAtEnd() {
    return new SuperblockLayout(magic, maxSectorsBits, sectors.subList(0, 2));
  }

  /** Most bytes that a copy may take. */
  public int maxBytes() {
    return 512 << maxSectorsBits;
  }

  /** The layout's 512 bytes. */
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    out.u64(Long.reverseBytes(magic.getMostSignificantBits()));
    out.u64(Long.reverseBytes(magic.getLeastSignificantBits()));
    out.u8(0).u8(maxSectorsBits).u8(sectors.size());
    out.bytes(Bytes.EMPTY.resized(OFFSET_SB_OFFSET - OFFSET_PAD));
    sectors.forEach(out::u64);
    return out.done().resized(BYTES);
  }

  /** Decodes and checks a layout that lies {@code offset} bytes into {@code bytes}. */
  public static SuperblockLayout parse(Bytes bytes, int offset, Place where) {
    Place place = where.in("superblock layout");
    UUID magic = bytes.uuid(offset + OFFSET_MAGIC);
    if (!Superblock.isMagic(magic)) {
      throw invalid("invalid_sb_layout", place, "not a superblock layout (magic " + magic + ")");
    }
    int type = bytes.u8(offset + OFFSET_LAYOUT_TYPE);
    if (type != 0) {
      throw invalid("invalid_sb_layout_type", place, "unknown layout type " + type);
    }
    int bits = bytes.u8(offset + OFFSET_SB_MAX_SIZE_BITS);
    if (bits > MAX_SIZE_BITS) {
      throw invalid(
          "invalid_sb_layout_sb_max_size_bits",
          place,
          "superblocks of 2^" + bits + " sectors are larger than 2^" + MAX_SIZE_BITS);
    }
    int copies = bytes.u8(offset + OFFSET_NR_SUPERBLOCKS);
    if (copies == 0 || copies > MAX_COPIES) {
      throw invalid(
          "invalid_sb_layout_nr_superblocks",
          place,
          copies + " superblock copies, expected 1 to " + MAX_COPIES);
    }
    return new SuperblockLayout(magic, bits, sectors(bytes, offset, copies, 1L << bits, place));
  }

  private static List<Long> sectors(
      Bytes bytes, int offset, int copies, long maxSectors, Place place) {
    List<Long> sectors = new ArrayList<>(copies);
    for (int copy = 0; copy < copies; copy++) {
      long sector = bytes.u64(offset + OFFSET_SB_OFFSET + 8 * copy);
      if (copy > 0) {
        long free = sectors.get(copy - 1) + maxSectors;
        if (Long.compareUnsigned(sector, free) < 0) {
          throw invalid(
              "invalid_sb_layout_superblocks_overlap",
              place,
              "superblock copies overlap: copy "
                  + (copy - 1)
                  + " ends at sector "
                  + Long.toUnsignedString(free)
                  + ", the next starts at "
                  + Long.toUnsignedString(sector));
        }
      }
      sectors.add(sector);
    }
    return sectors;
  }

  private static CorruptionException invalid(String name, Place place, String what) {
    return new CorruptionException(name, place, what);
  }
}
