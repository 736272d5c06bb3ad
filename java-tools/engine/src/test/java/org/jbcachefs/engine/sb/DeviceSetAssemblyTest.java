// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.junit.jupiter.api.Test;

/** Members assembled from superblocks that agree, or do not. */
class DeviceSetAssemblyTest {
  private static final String THREE = "replicas2-3dev";

  private final List<Superblock> golden = MemberDevices.golden(THREE);
  private final List<BlockDevice> devices = MemberDevices.devices(THREE);
  private final List<Finding> findings = new ArrayList<>();

  private DeviceSet assemble(boolean rescue) {
    return DeviceSetAssembly.assemble(devices, rescue, findings::add);
  }

  private void change(int index, UnaryOperator<SuperblockEditor> change) {
    devices.set(index, MemberDevices.device(golden.get(index), change));
  }

  /** The same superblock with one member's bytes changed. */
  private static SuperblockEditor withMember(
      SuperblockEditor editor, Superblock of, int index, int offset, long value) {
    RawSection section = of.section(SectionType.MEMBERS_V2).orElseThrow();
    byte[] payload = section.payload().toArray();
    MembersSection members = (MembersSection) of.decode(section);
    int at = MembersSection.V2_OFFSET_MEMBERS - RawSection.HEADER_BYTES;
    Le.putU64(MemorySegment.ofArray(payload), at + index * members.memberBytes() + offset, value);
    return editor.section(new RawSection(section.type(), Bytes.copyOf(payload)));
  }

  private void assertLeftOut(int index, String reason) {
    DeviceSet set = assemble(false);
    assertNull(set.device(index));
    assertEquals(List.of(reason), findings.stream().map(Finding::name).toList());
    assertEquals("member" + index, findings.getFirst().place().device());
  }

  @Test
  void membersFindTheirPlacesInAnyOrder() {
    Collections.reverse(devices);
    DeviceSet set = assemble(false);
    assertEquals(3, set.size());
    for (int index = 0; index < 3; index++) {
      assertEquals("member" + index, set.name(index));
      assertEquals(index, set.superblockOf(index).deviceIndex());
    }
    assertEquals(List.of(), findings);
  }

  @Test
  void aMissingMemberIsNullAndKnownByItsNumber() {
    devices.remove(1);
    DeviceSet set = assemble(false);
    assertNull(set.device(1));
    assertNotNull(set.member(1));
    assertEquals("device 1", set.name(1));
    MemorySegment block = MemorySegment.ofArray(new byte[512]);
    assertThrows(BcachefsException.class, () -> set.read(1, 0, block));
  }

  @Test
  void theNewestSuperblockIsTheFilesystems() {
    long seq = golden.getFirst().seq();
    change(
        2, editor -> withMember(editor.seq(seq + 5), golden.get(2), 2, Member.OFFSET_SEQ, seq + 5));
    assertEquals(seq + 5, assemble(false).superblock().seq());
    assertEquals(List.of(), findings);
  }

  @Test
  void aMemberThatWasWrittenOnAloneIsLeftOutAsSplitBrain() {
    Superblock first = golden.getFirst();
    long seq = first.seq();
    change(0, editor -> editor.seq(seq + 9));
    change(1, editor -> editor.seq(seq + 3));
    assertLeftOut(1, "device_splitbrain");
  }

  @Test
  void aMemberOfTheSameAgeWrittenAtAnotherTimeIsLeftOutAsSplitBrain() {
    change(2, editor -> editor.writeTime(golden.get(2).writeTime() - 1));
    assertLeftOut(2, "device_splitbrain");
  }

  @Test
  void aRemovedMemberIsLeftOut() {
    long deleted = Long.reverseBytes(Member.DELETED_UUID.getMostSignificantBits());
    long rest = Long.reverseBytes(Member.DELETED_UUID.getLeastSignificantBits());
    Superblock first = golden.getFirst();
    Superblock halfway =
        withMember(new SuperblockEditor(first), first, 1, Member.OFFSET_UUID, deleted)
            .seq(first.seq() + 1)
            .toSuperblock(first.place());
    devices.set(
        0,
        MemberDevices.device(
            halfway,
            editor ->
                withMember(editor, halfway, 1, Member.OFFSET_UUID + 8, rest)
                    .remove(SectionType.REPLICAS)
                    .remove(SectionType.REPLICAS_V0)));
    devices.remove(2);
    DeviceSet set = assemble(false);
    assertNull(set.member(1));
    assertNull(set.device(1));
    assertEquals("device_has_been_removed", findings.getFirst().name());
  }

  @Test
  void aMemberWhoseNumberNowBelongsToAnotherDeviceIsLeftOut() {
    Superblock first = golden.getFirst();
    change(
        0,
        editor -> withMember(editor.seq(first.seq() + 1), first, 1, Member.OFFSET_UUID, 0x1234567));
    assertLeftOut(1, "device_has_been_removed");
  }

  @Test
  void devicesOfTwoFilesystemsAreRefused() {
    devices.add(MemberDevices.devices("default-1dev").getFirst());
    RefusedException refused = assertThrows(RefusedException.class, () -> assemble(false));
    assertEquals("device_not_a_member_of_filesystem", refused.reason());
  }

  @Test
  void oneMemberGivenTwiceIsRefused() {
    devices.add(MemberDevices.device(golden.get(1)));
    RefusedException refused = assertThrows(RefusedException.class, () -> assemble(false));
    assertEquals("duplicate_member", refused.reason());
  }

  @Test
  void unknownIncompatibleVersionsAreRefusedByName() {
    change(
        0,
        editor ->
            editor
                .flag(SuperblockFlag.VERSION_INCOMPAT, 1024 + 50)
                .flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, 1024 + 50)
                .seq(golden.getFirst().seq() + 1));
    RefusedException refused = assertThrows(RefusedException.class, () -> assemble(false));
    assertEquals("incompatible_version", refused.reason());
    assertTrue(refused.getMessage().contains("(1.50)"), refused.getMessage());
  }

  @Test
  void aDeviceWithoutSuperblockIsRefusedUnlessRescueCanTellWhichItIs() {
    MemoryDevice wiped = new MemoryDevice("wiped", devices.get(2).size());
    devices.set(2, wiped);
    String refused = assertThrows(BcachefsException.class, () -> assemble(false)).getMessage();
    assertTrue(refused.contains("leave wiped out"), refused);
    assertTrue(refused.contains("recover-super -y -s member0 wiped"), refused);
    DeviceSet set = assemble(true);
    assertEquals("wiped", set.name(2));
    assertEquals(0, set.superblockOf(2).journalBuckets().size());
    assertEquals(List.of("no_superblock"), findings.stream().map(Finding::name).toList());
  }

  @Test
  void rescueTakesNoDeviceWhereTwoMembersWouldFit() {
    devices.set(0, new MemoryDevice("wiped0", devices.get(0).size()));
    devices.set(1, new MemoryDevice("wiped1", devices.get(1).size()));
    DeviceSet set = assemble(true);
    assertNull(set.device(0));
    assertNull(set.device(1));
    assertEquals(List.of(), findings);
  }
}
