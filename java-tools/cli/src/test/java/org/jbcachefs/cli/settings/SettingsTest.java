// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.tables.RecoveryPass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;
  private Outside outside;

  private int run(List<String> images, String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(images);
    outside = new Outside();
    return CommandLineUse.run(outside, all.toArray(String[]::new));
  }

  /** Copies of golden images that may be written to. */
  private List<String> copies(String golden) throws IOException {
    List<String> copies = new ArrayList<>();
    for (Path image : GoldenImages.images(golden)) {
      copies.add(Files.copy(image, folder.resolve("img" + copies.size())).toString());
    }
    return copies;
  }

  private static Superblock superblock(String image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(Path.of(image))) {
      return SuperblockSearch.find(device).require();
    }
  }

  private static long option(String image, FilesystemOption option) {
    return superblock(image).option(option).orElseThrow();
  }

  private static long counter(String image, PersistentCounter counter) {
    Superblock superblock = superblock(image);
    var section = superblock.section(SectionType.COUNTERS).orElseThrow();
    return ((CountersSection) superblock.decode(section)).value(counter).orElseThrow();
  }

  private void assertSound(List<String> images) {
    assertEquals(0, run(images, "fsck", "-n"), () -> outside.out() + outside.err());
  }

  @Test
  void optionsAreChangedOnAllMembers() throws IOException {
    List<String> images = copies("replicas2-3dev");
    int code =
        run(
            images,
            "set-fs-option",
            "--errors=ro",
            "--gc_reserve_percent=15",
            "-d1",
            "--nodiscard");
    assertEquals(ExitCode.DONE, code, () -> outside.err());
    for (String image : images) {
      assertEquals(3, option(image, FilesystemOption.ERRORS));
      assertEquals(15, option(image, FilesystemOption.GC_RESERVE_PERCENT));
      assertTrue(superblock(image).clean());
      assertEquals(
          List.of(1L, 0L, 1L),
          superblock(image).members().stream().map(m -> Member.DISCARD.get(m.flags())).toList());
    }
    assertSound(images);
  }

  @Test
  void optionsThatLeaveWorkAskForAScan() throws IOException {
    List<String> images = copies("replicas2-3dev");
    assertEquals(
        ExitCode.DONE,
        run(images, "set-fs-option", "--data_replicas=3", "--compression=lz4"),
        () -> outside.err());
    for (String image : images) {
      assertEquals(3, option(image, FilesystemOption.DATA_REPLICAS));
      assertTrue(superblock(image).clean());
    }
    assertEquals(ExitCode.DONE, run(images, "list", "-b", "reconcile_scan"));
    assertTrue(outside.out().contains("type cookie POS_MIN"), outside.out());
    assertSound(images);
  }

  @Test
  void aDryRunChangesNothing() throws IOException {
    List<String> images = copies("inodes-32bit");
    long seq = superblock(images.getFirst()).seq();
    assertEquals(ExitCode.DONE, run(images, "set-fs-option", "-n", "--errors=ro"));
    assertTrue(outside.out().contains("errors: ro"), outside.out());
    assertEquals(ExitCode.DONE, run(images, "reset-counters", "-n"));
    assertEquals(seq, superblock(images.getFirst()).seq());
  }

  @Test
  void countersAreSetToZeroAllOrByName() throws IOException {
    List<String> images = copies("inodes-32bit");
    String image = images.getFirst();
    assertTrue(counter(image, PersistentCounter.WRITE_SUPER) > 0);
    long commits = counter(image, PersistentCounter.TRANSACTION_COMMIT);
    assertTrue(commits > 0);
    assertEquals(ExitCode.DONE, run(images, "reset-counters", "--counters=write_super"));
    assertEquals(0, counter(image, PersistentCounter.WRITE_SUPER));
    assertEquals(commits, counter(image, PersistentCounter.TRANSACTION_COMMIT));
    assertEquals(ExitCode.DONE, run(images, "reset-counters"));
    assertEquals(0, counter(image, PersistentCounter.TRANSACTION_COMMIT));
    assertSound(images);
  }

  @Test
  void whatCannotBeChangedIsRefusedByName() throws IOException {
    List<String> one = copies("inodes-32bit");
    assertEquals(ExitCode.USAGE, run(one, "set-fs-option", "--foreground_target=ssd"));
    assertEquals(ExitCode.USAGE, run(one, "set-fs-option", "--errors=never"));
    assertEquals(ExitCode.USAGE, run(one, "set-fs-option", "-d7", "--discard"));
    assertEquals(ExitCode.USAGE, run(one, "set-fs-option"));
    assertEquals(ExitCode.USAGE, run(one, "reset-counters", "-c", "nonsense"));
    assertFalse(outside.err().isEmpty());
  }

  @Test
  void aMemberThatIsNotNamedWouldBeLeftBehind() throws IOException {
    List<String> images = copies("replicas2-3dev");
    assertEquals(ExitCode.FAILED, run(images.subList(0, 2), "set-fs-option", "--errors=ro"));
    assertTrue(outside.err().contains("member 2 is missing"), outside.err());
  }

  private static List<RecoveryPass> passes(String image) {
    return superblock(image).ext().map(ExtSection::requiredPasses).orElse(List.of());
  }

  @Test
  void passesAreScheduledOnAllMembersAndTakenBack() throws IOException {
    List<String> images = copies("replicas2-3dev");
    List<RecoveryPass> two = List.of(RecoveryPass.CHECK_LRUS, RecoveryPass.CHECK_NLINKS);
    assertEquals(
        ExitCode.DONE,
        run(images, "recovery-pass", "-s", "check-nlinks,check_lrus"),
        () -> outside.err());
    assertEquals("Scheduled recovery passes: check_lrus,check_nlinks\n", outside.out());
    images.forEach(image -> assertEquals(two, passes(image)));
    assertEquals(ExitCode.DONE, run(images, "recovery-pass", "-n", "-u", "check_lrus"));
    assertEquals("Scheduled recovery passes: check_nlinks\n", outside.out());
    images.forEach(image -> assertEquals(two, passes(image)));
    assertEquals(
        ExitCode.DONE, run(images, "recovery-pass", "-u", "check_lrus", "-u", "check_nlinks"));
    images.forEach(image -> assertEquals(List.of(), passes(image)));
    assertEquals(ExitCode.USAGE, run(images, "recovery-pass", "-s", "nonsense"));
    assertSound(images);
  }

  @Test
  void passesOfOlderVersionsAreScheduledAndTheirSuperblocksLeftAsTheyAre() throws IOException {
    List<String> images = copies("old-version-1.13");
    Superblock before = superblock(images.getFirst());
    assertEquals(
        ExitCode.DONE, run(images, "recovery-pass", "-s", "check_inodes"), () -> outside.err());
    Superblock after = superblock(images.getFirst());
    assertEquals(List.of(RecoveryPass.CHECK_INODES), passes(images.getFirst()));
    assertEquals(before.version(), after.version());
    assertEquals(before.clean(), after.clean());
    assertEquals(before.section(SectionType.DOWNGRADE), after.section(SectionType.DOWNGRADE));
    assertEquals(ExitCode.DONE, run(images, "recovery-pass", "--json", "-l"));
    assertTrue(outside.out().contains("\"required\":[\"check_inodes\"]"), outside.out());
  }

  @Test
  void whatIsKeptAboutSpaceIsTakenOutOfAnImageWhoseFilesStay() throws IOException {
    List<String> images = copies("inodes-32bit");
    String image = images.getFirst();
    assertEquals(ExitCode.DONE, run(List.of(image, "/"), "tree"), () -> outside.err());
    String tree = outside.out();
    assertEquals(ExitCode.DONE, run(images, "strip-alloc", "-n"), () -> outside.err());
    assertFalse(superblock(image).has(Feature.NO_ALLOC_INFO));
    assertEquals(ExitCode.DONE, run(images, "strip-alloc"), () -> outside.err());
    Superblock stripped = superblock(image);
    assertTrue(stripped.has(Feature.NO_ALLOC_INFO));
    assertTrue(stripped.clean());
    assertTrue(stripped.replicas().entries().isEmpty());
    assertEquals(0, stripped.journalBuckets().size());
    assertEquals(ExitCode.DONE, run(List.of(image, "/"), "tree"), () -> outside.err());
    assertEquals(tree, outside.out());
    assertEquals(ExitCode.DONE, run(images, "verify"), () -> outside.err());
    assertSound(images);
    assertEquals(ExitCode.FAILED, run(images, "strip-alloc"));
    assertTrue(outside.err().contains("any more"), outside.err());
    Path dirty = GoldenImages.images("dirty-journal-1").getFirst();
    assertEquals(ExitCode.FAILED, run(List.of(dirty.toString()), "strip-alloc"));
    assertTrue(outside.err().contains("not shut down cleanly"), outside.err());
  }

  @Test
  void aFilesystemOfAnotherVersionIsLeftAlone() throws IOException {
    assertEquals(ExitCode.FAILED, run(copies("old-version-1.13"), "reset-counters"));
    assertTrue(outside.err().contains("1.13"), outside.err());
  }
}
