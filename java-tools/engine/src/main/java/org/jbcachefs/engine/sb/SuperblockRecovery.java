// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * Gives a device its superblock back: from a copy that is left on it, or from another member. Only
 * {@link #write} writes.
 */
public final class SuperblockRecovery {
  private static final int SECTOR_SHIFT = 9;

  /** By the last mount of any member; among equals, by sequence number. */
  private static final Comparator<Superblock> USE =
      Comparator.comparingLong(SuperblockRecovery::lastMount)
          .thenComparing((a, b) -> Long.compareUnsigned(a.seq(), b.seq()));

  private SuperblockRecovery() {}

  /**
   * The copy that was in use last: an older filesystem's remains may be on the device too, with a
   * higher sequence number.
   */
  public static Optional<Superblock> mostRecent(List<SuperblockCopy> copies) {
    return copies.stream().filter(SuperblockCopy::valid).map(SuperblockCopy::superblock).max(USE);
  }

  private static long lastMount(Superblock superblock) {
    return superblock.members().stream().mapToLong(Member::lastMount).max().orElse(0);
  }

  /**
   * The superblock that a member would have, from another member's, or from a saved copy of its
   * own: of the journal it knows what that says, else the buckets of the device that begin with an
   * entry.
   *
   * @param device the member's
   * @param deviceBytes how much of it is the filesystem's
   * @throws RefusedException if there is no such member, or the device is too small for it
   */
  public static Superblock fromMember(
      Superblock source, int index, BlockDevice device, long deviceBytes) {
    if (index < 0 || index >= source.members().size() || !source.members().get(index).exists()) {
      throw new RefusedException(
          "no_such_member",
          source.place(),
          "device " + index + " is no member; there are " + existing(source));
    }
    Member member = source.members().get(index);
    long needed = (member.nbuckets() * member.bucketSectors()) << SECTOR_SHIFT;
    if (deviceBytes < needed) {
      throw new RefusedException(
          "device_too_small",
          source.place(),
          "device " + index + " has " + needed + " bytes, the one at hand " + deviceBytes);
    }
    SuperblockLayout layout =
        SuperblockLayout.forDevice(
            source.layout().maxSectorsBits(),
            source.blockSectors(),
            member.bucketSectors(),
            deviceBytes >> SECTOR_SHIFT);
    SuperblockEditor editor =
        new SuperblockEditor(source)
            .deviceIndex(index)
            .layout(layout)
            .offsetSector(layout.sectors().getFirst());
    if (source.deviceIndex() != index) {
      editor.remove(SectionType.JOURNAL).remove(SectionType.JOURNAL_V2);
      List<Long> journal =
          JournalBucketSearch.run(device, member.bucketSectors(), source.magicWord());
      if (!journal.isEmpty()) {
        editor.section(JournalBucketSearch.section(journal));
      }
    }
    return editor.toSuperblock(Place.structure("superblock for device " + index));
  }

  /**
   * Which member a device is that has lost its superblock, by its size or by what lies on it.
   *
   * @param filesystem of another member and that device, opened for rescue
   * @throws RefusedException if nothing tells
   */
  public static int indexOf(DeviceSet filesystem, BlockDevice device) {
    for (int index = 0; index < filesystem.size(); index++) {
      if (device.equals(filesystem.device(index))) {
        return index;
      }
    }
    throw new RefusedException(
        "no_such_member",
        Place.device(device.name(), -1),
        "nothing tells which member it was; -i says it, one of "
            + existing(filesystem.superblock()));
  }

  private static List<Integer> existing(Superblock superblock) {
    return superblock.members().stream().filter(Member::exists).map(Member::index).toList();
  }

  /**
   * Writes a superblock to every place that its layout lists, and the layout to its own sector;
   * reads all of it back.
   *
   * @return the sectors that were written
   * @throws RefusedException if the layout reaches past the device's end
   */
  public static List<Long> write(BlockDevice device, Superblock superblock) {
    SuperblockLayout layout = superblock.layout();
    for (long sector : layout.sectors()) {
      if (!fits(device, layout, sector)) {
        throw new RefusedException(
            "device_too_small",
            Place.device(device.name(), -1),
            "its superblock's layout has a copy at sector "
                + Long.toUnsignedString(sector)
                + ", past the end of the device");
      }
    }
    device.flush();
    SuperblockEditor editor = new SuperblockEditor(superblock);
    List<Long> written = new ArrayList<>();
    for (long sector : layout.sectors()) {
      byte[] bytes = editor.offsetSector(sector).build();
      write(device, sector, bytes);
      if (sector == Superblock.SECTOR) {
        writeLayout(device, layout);
      }
      written.add(sector);
    }
    device.flush();
    for (long sector : written) {
      SuperblockCopy copy = SuperblockSearch.read(device, sector);
      if (!copy.valid()) {
        throw copy.problem();
      }
    }
    return written;
  }

  /** Whether all copies that the layout lists are within the device. */
  public static boolean fits(BlockDevice device, SuperblockLayout layout) {
    return layout.sectors().stream().allMatch(sector -> fits(device, layout, sector));
  }

  private static boolean fits(BlockDevice device, SuperblockLayout layout, long sector) {
    long end = (sector << SECTOR_SHIFT) + layout.maxBytes();
    return sector >= 0 && end >= 0 && end <= device.size();
  }

  /** Writes whole blocks, filled up with zeros. */
  private static void write(BlockDevice device, long sector, byte[] bytes) {
    int block = device.blockSize();
    int padded = (bytes.length + block - 1) / block * block;
    device.write(sector << SECTOR_SHIFT, MemorySegment.ofArray(Arrays.copyOf(bytes, padded)));
  }

  /** The layout's sector shares its block with others, which stay as they are. */
  private static void writeLayout(BlockDevice device, SuperblockLayout layout) {
    int block = device.blockSize();
    long start = (SuperblockLayout.SECTOR << SECTOR_SHIFT) / block * block;
    MemorySegment bytes = MemorySegment.ofArray(new byte[block]);
    device.read(start, bytes);
    long within = (SuperblockLayout.SECTOR << SECTOR_SHIFT) - start;
    MemorySegment.copy(layout.encode().segment(), 0, bytes, within, SuperblockLayout.BYTES);
    device.write(start, bytes);
  }
}
