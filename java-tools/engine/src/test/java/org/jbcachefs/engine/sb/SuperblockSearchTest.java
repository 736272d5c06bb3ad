// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding superblocks on one device. */
class SuperblockSearchTest {
  private static final long PRIMARY = Superblock.SECTOR << 9;

  private static Superblock golden(String name) {
    return MemberDevices.golden(name).getFirst();
  }

  private static void write(MemoryDevice device, long sector, SuperblockEditor editor) {
    device.write(sector << 9, MemorySegment.ofArray(editor.offsetSector(sector).build()));
  }

  /**
   * Also of those without a checksum as long as its place is zero: nothing may be flipped there.
   */
  @ParameterizedTest
  @ValueSource(strings = {"tiered", "checksums-all", "encryption"})
  void anyFlippedBitIsDetectedAndAnotherCopyUsed(String name) {
    Superblock superblock = golden(name);
    MemoryDevice device = MemberDevices.device(superblock);
    byte[] bytes = superblock.raw();
    byte[] flipped = bytes.clone();
    for (int at = 0; at < bytes.length; at++) {
      for (int bit : List.of(1 << (at & 7), 0xff)) {
        flipped[at] = (byte) (bytes[at] ^ bit);
        device.write(PRIMARY, MemorySegment.ofArray(flipped));
        FoundSuperblocks found = SuperblockSearch.find(device);
        assertFalse(found.copies().getFirst().valid(), "byte " + at + " xor " + bit);
        assertEquals(superblock.seq(), found.require().seq());
        assertEquals(3, found.copies().size());
      }
      flipped[at] = bytes[at];
    }
  }

  @Test
  void everyBitOfTheChecksumTypeCounts() {
    Superblock superblock = golden("default-1dev");
    byte[] bytes = superblock.raw();
    for (int bit = 2; bit < 8; bit++) {
      byte[] flipped = bytes.clone();
      flipped[Superblock.OFFSET_FLAGS] ^= (byte) (1 << bit);
      MemoryDevice device = MemberDevices.device(superblock);
      device.write(PRIMARY, MemorySegment.ofArray(flipped));
      assertFalse(SuperblockSearch.find(device).copies().getFirst().valid(), "bit " + bit);
    }
  }

  @Test
  void theHighestSequenceNumberWinsWhereverItIs() {
    Superblock superblock = golden("default-1dev");
    MemoryDevice device = MemberDevices.device(superblock);
    long last = superblock.layout().sectors().getLast();
    write(device, last, new SuperblockEditor(superblock).seq(superblock.seq() + 1));
    Superblock newest = SuperblockSearch.find(device).require();
    assertEquals(superblock.seq() + 1, newest.seq());
    assertEquals(last, newest.offsetSector());
  }

  @Test
  void aCopyInTheWrongPlaceIsNoCopy() {
    Superblock superblock = golden("default-1dev");
    MemoryDevice device = MemberDevices.device(superblock);
    byte[] forElsewhere = new SuperblockEditor(superblock).offsetSector(16).build();
    device.write(PRIMARY, MemorySegment.ofArray(forElsewhere));
    FoundSuperblocks found = SuperblockSearch.find(device);
    assertTrue(found.copies().getFirst().problem().getMessage().contains("belongs at sector 16"));
    assertTrue(found.newest().isPresent());
  }

  @Test
  void theLayoutSectorLeadsToTheCopiesWhereThePrimaryIsGone() {
    Superblock superblock = golden("default-1dev");
    MemoryDevice device = MemberDevices.device(superblock);
    device.writeZeroes(PRIMARY, 1 << 16);
    assertEquals(superblock.seq(), SuperblockSearch.find(device).require().seq());
  }

  @Test
  void theLastCopyIsFoundWithoutAnyLayout() {
    Superblock superblock = golden("default-1dev");
    MemoryDevice device = MemberDevices.device(superblock);
    device.writeZeroes(0, 4 << 20);
    Superblock found = SuperblockSearch.find(device).require();
    assertEquals(superblock.layout().sectors().getLast(), found.offsetSector());
    assertEquals(0, device.size() % 512);
    assertEquals(SuperblockLayout.MAX_COPIES, 61);
  }

  @Test
  void aThoroughSearchFindsCopiesInUnusualPlaces() {
    Superblock superblock = golden("default-1dev");
    MemoryDevice device = new MemoryDevice("odd", 256 << 20);
    write(device, 20_001, new SuperblockEditor(superblock));
    assertTrue(SuperblockSearch.find(device).newest().isEmpty());
    assertEquals(20_001, SuperblockSearch.findThoroughly(device).require().offsetSector());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 512, 4096, 4608, 5000, 1 << 20})
  void aDeviceThatIsTooSmallHasNone(long size) {
    MemoryDevice device = new MemoryDevice("small", size);
    FoundSuperblocks found = SuperblockSearch.findThoroughly(device);
    assertTrue(found.newest().isEmpty());
    assertThrows(BcachefsException.class, found::require);
  }
}
