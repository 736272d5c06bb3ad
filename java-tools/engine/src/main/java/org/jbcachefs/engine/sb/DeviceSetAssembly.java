// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;

/**
 * Puts the members of a filesystem together from devices given in any order. The newest superblock
 * decides: members that went their own way are left out by name.
 */
public final class DeviceSetAssembly {
  /** By age: the sequence number, then the time of writing. */
  private static final Comparator<Superblock> AGE =
      ((Comparator<Superblock>) (a, b) -> Long.compareUnsigned(a.seq(), b.seq()))
          .thenComparing((a, b) -> Long.compareUnsigned(a.writeTime(), b.writeTime()));

  private final boolean rescue;
  private final Consumer<Finding> findings;
  private final List<DeviceSet.OpenMember> members = new ArrayList<>();
  private final List<BlockDevice> nameless = new ArrayList<>();
  private final List<FoundSuperblocks> without = new ArrayList<>();

  private DeviceSetAssembly(boolean rescue, Consumer<Finding> findings) {
    this.rescue = rescue;
    this.findings = findings;
  }

  /** As {@link #assemble(List, boolean, Consumer)}, without rescue, telling nobody. */
  public static DeviceSet assemble(List<BlockDevice> devices) {
    return assemble(devices, false, finding -> {});
  }

  /**
   * Reads all superblocks, chooses the newest and places each device at its index. Devices that are
   * no part of the filesystem any more (removed members, split-brain ones) are left out and told.
   *
   * @param rescue also take devices that have lost their superblock, where it is clear which member
   *     they are
   * @throws RefusedException if the devices are not of one filesystem, or it cannot be read by this
   *     version
   */
  public static DeviceSet assemble(
      List<BlockDevice> devices, boolean rescue, Consumer<Finding> findings) {
    DeviceSetAssembly assembly = new DeviceSetAssembly(rescue, findings);
    devices.forEach(assembly::add);
    return assembly.assemble();
  }

  /**
   * Devices whose superblocks do not come from them.
   *
   * @param devices by index, null where one is missing
   * @param superblocks as those devices would have them
   */
  public static DeviceSet of(List<BlockDevice> devices, List<Superblock> superblocks) {
    List<DeviceSet.OpenMember> slots = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      BlockDevice device = devices.get(index);
      slots.add(device == null ? null : new DeviceSet.OpenMember(device, superblocks.get(index)));
    }
    return new DeviceSet(superblocks.getFirst(), slots);
  }

  /** The set with further devices, which have lost their superblocks, at those indexes. */
  public static DeviceSet with(DeviceSet set, Map<BlockDevice, Integer> found) {
    DeviceSet.OpenMember[] slots = new DeviceSet.OpenMember[set.size()];
    for (int index = 0; index < slots.length; index++) {
      if (set.device(index) != null) {
        slots[index] = new DeviceSet.OpenMember(set.device(index), set.superblockOf(index));
      }
    }
    found.forEach((device, index) ->
        slots[index] =
            new DeviceSet.OpenMember(
                device, LostMembers.superblockFor(set.superblock(), device, index)));
    return new DeviceSet(set.superblock(), java.util.Arrays.asList(slots));
  }

  /**
   * A set of a device alone that has lost its superblock, in the place of any member that is
   * missing; empty if none is. Nothing in it says which parts of the device are in use.
   */
  public static Optional<DeviceSet> inAnyPlace(DeviceSet set, BlockDevice device) {
    Superblock bare =
        new SuperblockEditor(set.superblock())
            .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, 0)
            .toSuperblock(Place.device(device.name(), -1));
    for (int index = 0; index < set.size(); index++) {
      if (set.member(index) != null && set.device(index) == null) {
        DeviceSet.OpenMember[] slots = new DeviceSet.OpenMember[set.size()];
        slots[index] = new DeviceSet.OpenMember(device, bare);
        return Optional.of(new DeviceSet(bare, java.util.Arrays.asList(slots)));
      }
    }
    return Optional.empty();
  }

  private void add(BlockDevice device) {
    FoundSuperblocks found = SuperblockSearch.findThoroughly(device);
    if (found.newest().isEmpty() && rescue) {
      nameless.add(device);
      return;
    }
    if (found.newest().isEmpty()) {
      without.add(found);
      return;
    }
    Superblock newest = found.require();
    for (SuperblockCopy copy : found.copies()) {
      if (!copy.valid() && newest.layout().sectors().contains(copy.sector())) {
        findings.accept(Finding.of(Finding.Severity.MENDED, copy.problem()));
      }
    }
    members.add(new DeviceSet.OpenMember(device, newest));
  }

  private DeviceSet assemble() {
    if (!without.isEmpty()) {
      throw withoutSuperblock(without.getFirst());
    }
    Superblock newest =
        members.stream()
            .map(DeviceSet.OpenMember::superblock)
            .max(AGE)
            .orElseThrow(this::noSuperblock);
    newest.refuseUnreadable();
    MembershipRules rules = new MembershipRules(newest);
    DeviceSet.OpenMember[] slots = new DeviceSet.OpenMember[newest.deviceCount()];
    for (DeviceSet.OpenMember member : members) {
      try {
        rules.check(member.superblock());
      } catch (RefusedException e) {
        if (rules.concernsAll(e)) {
          throw e;
        }
        findings.accept(Finding.of(e));
        continue;
      }
      place(member, slots);
      checkSize(member, newest);
    }
    new LostMembers(newest, slots, findings).adopt(nameless);
    return new DeviceSet(newest, Collections.unmodifiableList(java.util.Arrays.asList(slots)));
  }

  private static void place(DeviceSet.OpenMember member, DeviceSet.OpenMember[] slots) {
    int index = member.superblock().deviceIndex();
    if (slots[index] != null) {
      throw new RefusedException(
          "duplicate_member",
          Place.device(member.device().name(), -1),
          "this is device "
              + index
              + " of the filesystem, and so is "
              + slots[index].device().name());
    }
    slots[index] = member;
  }

  /** A device that was cut short is read as far as it goes. */
  private void checkSize(DeviceSet.OpenMember open, Superblock newest) {
    Member member = newest.members().get(open.superblock().deviceIndex());
    long needed = (member.nbuckets() * member.bucketSectors()) << 9;
    if (open.device().size() < needed) {
      findings.accept(
          new Finding(
              "device_size_too_small",
              Place.device(open.device().name(), -1),
              "only " + open.device().size() + " bytes, the filesystem uses " + needed + " of it"));
    }
  }

  /** What is wrong with the device, and what can be done about it. */
  private BcachefsException withoutSuperblock(FoundSuperblocks found) {
    BcachefsException problem = found.problem();
    if (!(problem instanceof CorruptionException corruption)) {
      return problem;
    }
    String name = found.device().name();
    String what =
        members.isEmpty()
            ? "; recover-super looks further for a copy, and with -f makes one up of what is there"
            : ", nor is there a copy of one; others have theirs: leave "
                + name
                + " out, and go on without it (degraded), or give it its superblock back"
                + " (recover-super -y -s "
                + members.getFirst().device().name()
                + " "
                + name
                + ")";
    return new CorruptionException(
        corruption.errorName(), corruption.place(), corruption.getMessage() + what);
  }

  private BcachefsException noSuperblock() {
    if (nameless.isEmpty()) {
      return new RefusedException("no_devices", Place.NOWHERE, "no device was given");
    }
    return new RefusedException(
        "no_superblock",
        Place.device(nameless.getFirst().name(), -1),
        "no device has a superblock, nor a copy of one");
  }
}
