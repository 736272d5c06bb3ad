// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * Looks for the superblocks of one device: at sector 8, wherever the layout says (the one inside
 * the primary superblock, else the one at sector 7), and where mkfs puts the last copy.
 */
public final class SuperblockSearch {
  /** How much of both ends of a device a thorough search reads, in bytes. */
  public static final long SCAN_BYTES = 16 << 20;

  private static final int SECTOR_SHIFT = 9;
  private static final int SECTOR_BYTES = 1 << SECTOR_SHIFT;

  /** Log2 of the sectors that mkfs reserves for a copy unless told otherwise. */
  private static final int DEFAULT_MAX_SIZE_BITS = 11;

  /** Log2 of the sectors of the largest bucket that mkfs makes by itself. */
  private static final int LARGEST_USUAL_BUCKET_BITS = 12;

  /** Sectors that are read at once in a scan. */
  private static final int CHUNK_SECTORS = 2048;

  private final BlockDevice device;
  private final List<SuperblockCopy> copies = new ArrayList<>();

  private SuperblockSearch(BlockDevice device) {
    this.device = device;
  }

  /** Reads every copy that can be found without searching. */
  public static FoundSuperblocks find(BlockDevice device) {
    SuperblockSearch search = new SuperblockSearch(device);
    search.readKnownPlaces();
    return search.found();
  }

  /** The same, and if there is no valid copy, searches both ends of the device for one. */
  public static FoundSuperblocks findThoroughly(BlockDevice device) {
    SuperblockSearch search = new SuperblockSearch(device);
    search.readKnownPlaces();
    if (search.found().newest().isEmpty()) {
      long ends = Math.min(SCAN_BYTES, device.size());
      search.copies.addAll(scan(device, 0, ends));
      search.copies.addAll(scan(device, device.size() - ends, device.size()));
    }
    return search.found();
  }

  /** Reads the copy at that sector, whatever is there. */
  public static SuperblockCopy read(BlockDevice device, long sector) {
    try {
      return new SuperblockCopy(sector, readOrThrow(device, sector), null);
    } catch (BcachefsException e) {
      return new SuperblockCopy(sector, null, e);
    }
  }

  /**
   * Looks for superblocks at every sector of a range of bytes. Damaged ones are listed too; sectors
   * that do not look like one are not.
   */
  public static List<SuperblockCopy> scan(BlockDevice device, long fromByte, long toByte) {
    List<SuperblockCopy> found = new ArrayList<>();
    long end = Math.min(toByte, device.size()) >> SECTOR_SHIFT;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate((long) CHUNK_SECTORS << SECTOR_SHIFT);
      for (long at = fromByte >> SECTOR_SHIFT; at < end; at += CHUNK_SECTORS) {
        int sectors = (int) Math.min(CHUNK_SECTORS, end - at);
        for (long sector :
            candidates(device, at, chunk.asSlice(0, (long) sectors * SECTOR_BYTES))) {
          found.add(read(device, sector));
        }
      }
    }
    return found;
  }

  /** Sectors in a chunk that carry a superblock's magic; none if the chunk cannot be read. */
  private static List<Long> candidates(BlockDevice device, long firstSector, MemorySegment chunk) {
    List<Long> candidates = new ArrayList<>();
    try {
      device.read(firstSector << SECTOR_SHIFT, chunk);
    } catch (DeviceException _) {
      return candidates;
    }
    for (long at = 0; at < chunk.byteSize(); at += SECTOR_BYTES) {
      if (Superblock.hasMagic(chunk, at)) {
        candidates.add(firstSector + (at >> SECTOR_SHIFT));
      }
    }
    return candidates;
  }

  private void readKnownPlaces() {
    SuperblockCopy primary = read(device, Superblock.SECTOR);
    copies.add(primary);
    Optional<SuperblockLayout> layout =
        primary.valid() ? Optional.of(primary.superblock().layout()) : standaloneLayout();
    Set<Long> sectors = new LinkedHashSet<>();
    layout.ifPresent(known -> sectors.addAll(known.sectors()));
    if (layout.isEmpty()) {
      sectors.add(Superblock.SECTOR + (1L << DEFAULT_MAX_SIZE_BITS));
      addUsualLastSectors(sectors);
    }
    sectors.remove(Superblock.SECTOR);
    sectors.forEach(sector -> copies.add(read(device, sector)));
  }

  private Optional<SuperblockLayout> standaloneLayout() {
    Place place = Place.device(device.name(), SuperblockLayout.SECTOR << SECTOR_SHIFT);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sector = arena.allocate(SuperblockLayout.BYTES);
      device.read(place.offset(), sector);
      Bytes bytes = Bytes.copyOf(sector, 0, SuperblockLayout.BYTES);
      return Optional.of(SuperblockLayout.parse(bytes, 0, place));
    } catch (BcachefsException _) {
      return Optional.empty();
    }
  }

  /** The last copy lies as near to the end as a bucket's boundary allows. */
  private void addUsualLastSectors(Set<Long> sectors) {
    long last = (device.size() >> SECTOR_SHIFT) - (1L << DEFAULT_MAX_SIZE_BITS);
    for (int bits = 0; bits <= LARGEST_USUAL_BUCKET_BITS && last > Superblock.SECTOR; bits++) {
      sectors.add(last >> bits << bits);
    }
  }

  private FoundSuperblocks found() {
    return new FoundSuperblocks(device, copies);
  }

  private static Superblock readOrThrow(BlockDevice device, long sector) {
    long deviceSectors = device.size() >> SECTOR_SHIFT;
    Place place = Place.device(device.name(), sector < 0 ? -1 : sector << SECTOR_SHIFT);
    if (sector < 0
        || sector > deviceSectors - (Superblock.BYTES + SECTOR_BYTES - 1) / SECTOR_BYTES) {
      throw new DeviceException(
          place.in("superblock"),
          "sector " + Long.toUnsignedString(sector) + " of " + deviceSectors + " holds none");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(Superblock.BYTES);
      device.read(place.offset(), head);
      int size = Superblock.sizeOf(head, place);
      if (size > device.size() - place.offset()) {
        throw new DeviceException(place.in("superblock"), size + " bytes reach past the end");
      }
      MemorySegment whole = arena.allocate(size);
      device.read(place.offset(), whole);
      return Superblock.parse(whole, place);
    }
  }
}
