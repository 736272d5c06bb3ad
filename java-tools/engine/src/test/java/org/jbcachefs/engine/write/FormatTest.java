// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormatTest {
  @TempDir Path spill;

  private static List<MemoryDevice> devices(int count) {
    List<MemoryDevice> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(new MemoryDevice("device" + i, 40L << 20));
    }
    return devices;
  }

  private static List<MemoryDevice> formatted(int count) {
    List<MemoryDevice> devices = devices(count);
    SmallFilesystem.create(devices, 16 << 10, SmallFilesystem.options(count)).close();
    return Judge.reopenable(devices);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void aNewFilesystemIsCleanAndFsckFindsNothing(int count) {
    List<MemoryDevice> devices = formatted(count);
    assertEquals(List.of(), Judge.findings(devices, spill));
    assertTrue(Judge.files(devices).isEmpty());
  }

  @Test
  void itsSuperblockSaysThatItIsCleanAndInitialized() {
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(Judge.copies(formatted(1)), OpenOptions.defaults())) {
      Superblock superblock = filesystem.superblock();
      assertTrue(superblock.clean());
      assertTrue(superblock.isSet(SuperblockFlag.INITIALIZED));
      long wanted = 0;
      for (CompatFeature feature : CompatFeature.values()) {
        wanted |= 1L << feature.number();
      }
      assertEquals(wanted, superblock.compat()[0]);
      assertTrue(superblock.section(SectionType.DOWNGRADE).isPresent());
      boolean journal =
          superblock.replicas().entries().stream()
              .anyMatch(entry -> entry.dataType() == DataType.JOURNAL.number());
      assertFalse(journal, "a clean filesystem has no journal on record");
    }
  }

  @Test
  void everyCopyOfTheSuperblockIsTheSameAge() {
    MemoryDevice device = formatted(1).getFirst();
    Superblock first = SuperblockSearch.find(device).require();
    for (long sector : first.layout().sectors()) {
      SuperblockCopy copy = SuperblockSearch.read(device, sector);
      assertTrue(copy.valid(), () -> "copy at sector " + sector);
      assertEquals(first.seq(), copy.superblock().seq());
    }
  }

  @Test
  void openingAndClosingChangesNothingThatAReaderSees() {
    List<MemoryDevice> devices = formatted(2);
    List<MemoryDevice> again = Judge.reopenable(devices);
    WritableFilesystem.open(new ArrayList<>(again), SmallFilesystem.options(3)).close();
    again = Judge.reopenable(again);
    assertEquals(List.of(), Judge.findings(again, spill));
  }

  @Test
  void aSuperblockThatSomebodyElseWroteIsNotOverwritten() {
    List<MemoryDevice> devices = formatted(1);
    WritableFilesystem ours =
        WritableFilesystem.open(new ArrayList<>(devices), SmallFilesystem.options(4));
    WritableFilesystem theirs =
        WritableFilesystem.open(new ArrayList<>(devices), SmallFilesystem.options(5));
    theirs.superblockWriter().update(editor -> editor.label("theirs"));
    theirs.superblockWriter().update(editor -> editor.label("theirs again"));
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> ours.superblockWriter().update(editor -> editor.label("ours")));
    assertEquals("superblock_modified", refused.reason());
  }
}
