// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is shown of superblocks against what the reference's show-super printed of them. */
class GoldenShowSuperTest {
  /** The sections that were asked for when the golden texts were made. */
  private static final Set<SectionType> SHOWN =
      EnumSet.of(
          SectionType.EXT,
          SectionType.CLEAN,
          SectionType.COUNTERS,
          SectionType.ERRORS,
          SectionType.DOWNGRADE,
          SectionType.MEMBERS_V2);

  static Stream<String> names() {
    return GoldenImages.names().stream();
  }

  /** What the reference printed on standard error. */
  private static final List<String> REMARKS =
      List.of("WARNING:", "         please alert", "bcachefs (", "successful read from backup");

  private static String withoutRemarks(String text) {
    return text.lines()
        .filter(line -> REMARKS.stream().noneMatch(line::startsWith))
        .collect(Collectors.joining("\n"));
  }

  private static Superblock superblock(String name, int index) {
    List<BlockDevice> devices = GoldenImages.open(name);
    try {
      return SuperblockSearch.find(devices.get(index)).require();
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private static String shown(Superblock superblock) {
    MemberNames names = new MemberNames(Map.of());
    return new SuperblockText(superblock, names, new CalendarTime(ZoneOffset.UTC))
        .all(SHOWN, false, false);
  }

  private static String lines(String text) {
    return text.lines().collect(Collectors.joining("\n"));
  }

  @ParameterizedTest
  @MethodSource("names")
  void theFirstMembersSuperblockIsShownAsTheReferenceShowsIt(String name) {
    String expected = GoldenImages.text(name, "show-super.txt");
    assertNotNull(expected);
    // The reference had opened that member under this name, which it shows in pointers alone.
    String ours = shown(superblock(name, 0)).replace("ptr:  dev-0 0:", "ptr:   img0 0:");
    if (withoutRemarks(expected).equals("error reading passphrase")) {
      // It showed nothing without a passphrase; this program needs none.
      assertTrue(ours.contains("Sections:                                  crypt,"), ours);
    } else {
      assertEquals(withoutRemarks(expected), lines(ours));
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void allMembersSuperblocksSayTheSame(String name) {
    int members = GoldenImages.images(name).size();
    String first = aboutAll(shown(superblock(name, 0)));
    for (int index = 1; index < members; index++) {
      assertEquals(first, aboutAll(shown(superblock(name, index))));
    }
  }

  /** Without what differs between members: which one it is, and how long its journal section. */
  private static String aboutAll(String text) {
    return text.lines()
        .filter(line -> !line.startsWith("Device index:") && !line.startsWith("Superblock size:"))
        .collect(Collectors.joining("\n"));
  }
}
