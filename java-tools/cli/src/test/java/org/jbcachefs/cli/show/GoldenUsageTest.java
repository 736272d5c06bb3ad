// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.alloc.UsageReader;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Usage read from the devices against what the reference's fs usage printed while they were
 * mounted. Until the unmount more buckets were emptied, so most texts differ in those; where they
 * do not, all lines must agree.
 */
class GoldenUsageTest {
  static Stream<String> names() {
    return GoldenImages.names().stream();
  }

  /** Without the first two lines, which df printed. */
  private static List<String> expected(String name) {
    return GoldenImages.text(name, "fs-usage.txt").lines().skip(2).toList();
  }

  private static List<String> ours(String name) {
    String passphrase = GoldenImages.passphrase(name);
    OpenOptions options =
        OpenOptions.defaults()
            .withPassphrase(() -> passphrase == null ? null : passphrase.getBytes(UTF_8));
    try (ReadFilesystem filesystem = ReadFilesystem.open(GoldenImages.open(name), options)) {
      Map<Integer, String> paths = new HashMap<>();
      for (int index = 0; index < filesystem.devices().size(); index++) {
        if (filesystem.devices().device(index) != null) {
          paths.put(index, "/dev/vd" + (char) ('a' + paths.size()));
        }
      }
      return new UsageText(
              filesystem.superblock(),
              UsageReader.read(filesystem.btrees(), filesystem.superblock()),
              new MemberNames(paths),
              false)
          .text(EnumSet.allOf(UsageText.Part.class))
          .lines()
          .toList();
    }
  }

  private static List<String> starting(List<String> lines, String... starts) {
    return lines.stream()
        .map(line -> line.trim().replaceAll(" +", " "))
        .filter(line -> Stream.of(starts).anyMatch(line::startsWith))
        .toList();
  }

  private static boolean sameState(List<String> expected, List<String> ours) {
    String[] changing = {"need_discard:", "free:", "Online reserved:", "user:", "btree:"};
    return starting(expected, changing).equals(starting(ours, changing));
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLineAgreesWhereNothingHappenedUntilTheUnmount(String name) {
    List<String> expected = expected(name);
    List<String> ours = ours(name);
    if (sameState(expected, ours)) {
      // Linux 6.12 did not leave superblocks and journals out of the size.
      boolean old = GoldenImages.text(name, "README").contains("Linux 6.12.95 bcachefs (1.13) ;");
      assertEquals(
          expected.subList(old ? 2 : 0, expected.size()), ours.subList(old ? 2 : 0, ours.size()));
    }
    String[] constant = {"sb:", "journal:", "capacity:", "bucket size:"};
    assertEquals(starting(expected, constant), starting(ours, constant));
  }

  @Test
  void nothingHappenedToAThirdOfTheFilesystems() {
    long same = names().filter(name -> sameState(expected(name), ours(name))).count();
    assertTrue(same * 3 >= GoldenImages.names().size(), same + " filesystems");
  }

  @Test
  void theCommandPrintsASummaryPartsAndJson() {
    String image = GoldenImages.images("compression-all").getFirst().toString();
    Outside summary = new Outside();
    assertEquals(ExitCode.DONE, CommandLineUse.run(summary, "fs", "usage", "-h", image));
    assertTrue(summary.out().contains("Device label"), summary.out());
    assertTrue(summary.out().contains("250M"), summary.out());
    Outside part = new Outside();
    assertEquals(
        ExitCode.DONE, CommandLineUse.run(part, "fs", "usage", "-f", "compression", image));
    assertTrue(part.out().contains("Compression:"), part.out());
    assertEquals(-1, part.out().indexOf("Btree usage:"));
    Outside json = new Outside();
    assertEquals(ExitCode.DONE, CommandLineUse.run(json, "fs", "usage", "--json", image));
    assertTrue(json.out().contains("\"size_bytes\":"), json.out());
    Outside wrong = new Outside();
    assertEquals(ExitCode.USAGE, CommandLineUse.run(wrong, "fs", "usage", "-f", "space", image));
  }
}
