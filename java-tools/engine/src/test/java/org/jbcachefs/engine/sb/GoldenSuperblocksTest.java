// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.Section;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Superblocks that real kernels wrote: every copy on every member of every golden filesystem. */
class GoldenSuperblocksTest {
  static Stream<String> names() {
    return GoldenImages.names().stream();
  }

  private static List<SuperblockCopy> copies(String name) {
    List<BlockDevice> devices = GoldenImages.open(name);
    try {
      return devices.stream()
          .flatMap(device -> SuperblockSearch.find(device).copies().stream())
          .filter(SuperblockCopy::valid)
          .toList();
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyMemberHasAllCopiesButTheOneThatWasZeroed(String name) {
    int members = GoldenImages.images(name).size();
    int expected = name.equals("sb-primary-zeroed") ? 2 : 3 * members;
    assertEquals(expected, copies(name).size());
  }

  @ParameterizedTest
  @MethodSource("names")
  void everySectionEncodesToTheBytesItWasReadFrom(String name) {
    for (SuperblockCopy copy : copies(name)) {
      for (RawSection stored : copy.superblock().sections()) {
        Section content = copy.superblock().decode(stored);
        assertEquals(stored.type(), content.type());
        assertEquals(stored.payload(), content.encode(), stored.name());
        assertFalse(content instanceof RawSection, stored.name() + " is not decoded");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void anEditorThatChangesNothingBuildsTheSameBytes(String name) {
    for (SuperblockCopy copy : copies(name)) {
      Superblock superblock = copy.superblock();
      SuperblockEditor editor = new SuperblockEditor(superblock).layout(superblock.layout());
      for (RawSection stored : superblock.sections()) {
        editor.section(superblock.decode(stored));
      }
      assertArrayEquals(superblock.raw(), editor.build());
    }
  }

  @Test
  void theGoldenFilesystemsHaveMostKindsOfSections() {
    Set<SectionType> seen = EnumSet.noneOf(SectionType.class);
    for (String name : GoldenImages.names()) {
      for (RawSection stored : copies(name).getFirst().superblock().sections()) {
        seen.add(SectionType.of(stored.type()));
      }
    }
    Set<SectionType> unseen = EnumSet.complementOf(EnumSet.copyOf(seen));
    assertTrue(
        Set.of(SectionType.JOURNAL, SectionType.REPLICAS).containsAll(unseen), unseen.toString());
  }
}
