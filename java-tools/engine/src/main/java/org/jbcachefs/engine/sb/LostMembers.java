// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;

/**
 * Finds out which members devices without a superblock are, by their size: a device is adopted if
 * it fits exactly one missing member, and no other device fits that one.
 */
public final class LostMembers {
  private final Superblock newest;
  private final DeviceSet.OpenMember[] slots;
  private final Consumer<Finding> findings;

  LostMembers(Superblock newest, DeviceSet.OpenMember[] slots, Consumer<Finding> findings) {
    this.newest = newest;
    this.slots = slots;
    this.findings = findings;
  }

  void adopt(List<BlockDevice> nameless) {
    List<BlockDevice> left = new ArrayList<>(nameless);
    boolean progress = true;
    while (progress) {
      progress = left.removeIf(device -> adopt(device, left));
    }
  }

  /**
   * That a device was recognised by what it holds.
   *
   * @param what it holds
   */
  public static Finding recognised(BlockDevice device, int index, String what) {
    return new Finding(
        Finding.Severity.MENDED,
        "no_superblock",
        Place.device(device.name(), -1),
        "no superblock; it is device " + index + ", by the " + what + " that it holds");
  }

  /** That nobody knows which member a device was. */
  public static Finding unknown(BlockDevice device) {
    return new Finding(
        "no_superblock",
        Place.device(device.name(), -1),
        "no superblock, and it is not clear which member it was; not used");
  }

  private boolean adopt(BlockDevice device, List<BlockDevice> others) {
    List<Member> fitting = fitting(device);
    if (fitting.size() != 1) {
      return false;
    }
    Member member = fitting.getFirst();
    for (BlockDevice other : others) {
      if (!other.equals(device) && fits(other, member)) {
        return false;
      }
    }
    findings.accept(
        new Finding(
            Finding.Severity.MENDED,
            "no_superblock",
            Place.device(device.name(), -1),
            "no superblock; taken for device " + member.index() + ", the one missing of its size"));
    slots[member.index()] =
        new DeviceSet.OpenMember(device, superblockFor(newest, device, member.index()));
    return true;
  }

  /** The others' superblock as this device would have it, with the journal that is found on it. */
  static Superblock superblockFor(Superblock newest, BlockDevice device, int index) {
    SuperblockEditor editor =
        new SuperblockEditor(newest)
            .deviceIndex(index)
            .remove(SectionType.JOURNAL)
            .remove(SectionType.JOURNAL_V2);
    int bucketSectors = newest.members().get(index).bucketSectors();
    List<Long> journal = JournalBucketSearch.run(device, bucketSectors, newest.magicWord());
    Place place = Place.device(device.name(), -1);
    if (!journal.isEmpty()) {
      editor.section(JournalBucketSearch.section(journal));
    }
    return editor.toSuperblock(place);
  }

  private List<Member> fitting(BlockDevice device) {
    return newest.members().stream()
        .filter(member -> member.exists() && slots[member.index()] == null)
        .filter(member -> fits(device, member))
        .toList();
  }

  /** All buckets fit, and less than one more would. */
  private static boolean fits(BlockDevice device, Member member) {
    long bucketBytes = (long) member.bucketSectors() << 9;
    return device.size() / bucketBytes == member.nbuckets();
  }
}
