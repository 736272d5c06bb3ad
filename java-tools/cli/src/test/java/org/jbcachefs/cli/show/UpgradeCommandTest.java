// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** upgrade and show-super --upgrade; expected lists are those that the reference says. */
class UpgradeCommandTest {
  private static final int CURRENT = MetadataVersion.CURRENT.number();
  private static final int NEWEST = MetadataVersion.NEWEST.number();

  private Outside outside;

  private int run(String... words) {
    outside = new Outside();
    return CommandLineUse.run(outside, words);
  }

  private JsonNode plan(String image, String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("upgrade", "--dry-run", "--json", golden(image)));
    words.addAll(List.of(options));
    assertEquals(ExitCode.DONE, run(words.toArray(String[]::new)), () -> outside.err());
    return new ObjectMapper().readTree(outside.out()).get("data");
  }

  private static String golden(String name) {
    return GoldenImages.images(name).getFirst().toString();
  }

  private static Superblock superblock(String name) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(Path.of(golden(name)))) {
      return SuperblockSearch.find(device).require();
    }
  }

  private static List<String> list(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(item -> texts.add(item.asText()));
    return texts;
  }

  private static List<Integer> minors(JsonNode rows) {
    List<Integer> minors = new ArrayList<>();
    rows.forEach(row -> minors.add(row.get("version").get("minor").asInt()));
    return minors;
  }

  private static List<String> passes(VersionPlan plan) {
    return RecoveryPass.inWord(plan.passes()).stream().map(RecoveryPass::toString).toList();
  }

  @Test
  void anOldFilesystemMustBeUpgradedWithThePassesThatTheReferenceRuns() throws IOException {
    JsonNode plan = plan("old-version-1.13");
    assertEquals("compatible", plan.get("policy").asText());
    assertEquals("upgrade", plan.get("direction").asText());
    assertTrue(plan.get("required").asBoolean());
    assertEquals(13, plan.get("from").get("minor").asInt());
    assertEquals(38, plan.get("to").get("minor").asInt());
    assertEquals(
        List.of(
            "check_allocations",
            "check_alloc_info",
            "check_extents_to_backpointers",
            "check_alloc_to_lru_refs",
            "check_inodes",
            "check_reconcile_work"),
        list(plan.get("recovery_passes")));
    assertEquals(List.of(14, 15, 21, 22, 28, 31, 33, 35, 38), minors(plan.get("because_of")));
    assertTrue(list(plan.get("errors_silent")).contains("extent_io_opts_not_set"));
    assertFalse(list(plan.get("errors_silent")).contains("lru_entry_bad"));
    assertTrue(plan.get("not_undone").get("incompatible_in_use").isNull());
    assertEquals(0, plan.get("not_undone").get("new_features").size());
  }

  @Test
  void whatGoingBackTakesIsWhatTheUpgradedFilesystemRecords() throws IOException {
    JsonNode before = plan("old-version-1.13").get("going_back");
    VersionPlan upgraded =
        VersionPlan.of(superblock("upgraded-1.13-to-1.38"), UpgradePolicy.COMPATIBLE, CURRENT);
    assertEquals(
        upgraded.recorded().stream().map(row -> MetadataVersion.minor(row.version())).toList(),
        minors(before));
    assertEquals(upgraded.recorded(), upgraded.goingBack());
    assertEquals(VersionPlan.Direction.NONE, upgraded.direction());
    assertEquals(List.of(), upgraded.rows());
  }

  @Test
  void theIncompatiblePolicySaysWhatShutsOlderImplementationsOut() throws IOException {
    JsonNode plan = plan("old-version-1.13", "--policy", "incompatible");
    assertEquals(13, plan.get("incompatible_allowed_before").get("minor").asInt());
    assertEquals(38, plan.get("incompatible_allowed_after").get("minor").asInt());
    assertEquals(List.of(33), minors(plan.get("if_allowed_while_mounted")));
    assertEquals(
        List.of(
            "extents_above_btree_updates", "btree_updates_journalled", "incompat_version_field"),
        list(plan.get("not_undone").get("new_features")));
  }

  @Test
  void allowingMoreOnAnUpgradedFilesystemIsNoUpgrade() throws IOException {
    JsonNode plan = plan("v128-default", "--policy", "incompatible");
    assertEquals("none", plan.get("direction").asText());
    assertEquals(28, plan.get("incompatible_allowed_before").get("minor").asInt());
    assertEquals(38, plan.get("incompatible_allowed_after").get("minor").asInt());
    assertEquals(0, plan.get("recovery_passes").size());
  }

  @Test
  void aSuperblockOfVersion128TakesTheStepsBehindIt() {
    Superblock old =
        new SuperblockEditor(superblock("v128-default"))
            .version(MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number())
            .flag(
                SuperblockFlag.VERSION_UPGRADE_COMPLETE,
                MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number())
            .toSuperblock(Place.NOWHERE);
    VersionPlan plan = VersionPlan.of(old, UpgradePolicy.NONE, CURRENT);
    assertTrue(plan.required());
    assertEquals(
        List.of(
            "check_allocations",
            "check_alloc_info",
            "check_alloc_to_lru_refs",
            "check_reconcile_work"),
        passes(plan));
  }

  @Test
  void aNewerFilesystemIsDowngradedByWhatItsSuperblockSays() throws IOException {
    assertEquals("none", plan("v139-default").get("direction").asText());
    JsonNode plan = plan("v139-default", "--to", "1.38");
    assertEquals("downgrade", plan.get("direction").asText());
    assertEquals(
        List.of("check_allocations", "check_lrus", "check_alloc_to_lru_refs"),
        list(plan.get("recovery_passes")));
    assertEquals(List.of(39), minors(plan.get("because_of")));
    assertTrue(plan.get("refused").isBoolean());
  }

  @Test
  void anImplementationThatDoesNotKnowWhatIsInUseRefuses() throws IOException {
    JsonNode plan = plan("default-1dev", "--to", "1.28");
    int inUse = plan.get("not_undone").get("incompatible_in_use").get("minor").asInt();
    assertTrue(inUse > 28, () -> "in use: 1." + inUse);
    assertTrue(plan.get("refused").asBoolean());
    assertEquals(ExitCode.DONE, run("upgrade", "-n", golden("default-1dev"), "--to", "1.28"));
    assertTrue(outside.out().contains("\nRefused: incompatible features of "), outside.out());
  }

  @Test
  void anUnfinishedUpgradeIsDoneAgainAndAMajorOneDropsTheOldRows() {
    Superblock unfinished =
        new SuperblockEditor(superblock("upgraded-1.13-to-1.38"))
            .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, MetadataVersion.ERASURE_CODING.number())
            .toSuperblock(Place.NOWHERE);
    VersionPlan again = VersionPlan.of(unfinished, UpgradePolicy.COMPATIBLE, CURRENT);
    assertTrue(again.unfinished());
    assertEquals(List.of("check_alloc_info"), passes(again));

    Superblock ancient =
        new SuperblockEditor(unfinished)
            .version(MetadataVersion.FREESPACE.number())
            .versionMin(MetadataVersion.FREESPACE.number())
            .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, 0)
            .remove(SectionType.DOWNGRADE)
            .feature(Feature.EC)
            .toSuperblock(Place.NOWHERE);
    VersionPlan major = VersionPlan.of(ancient, UpgradePolicy.COMPATIBLE, CURRENT);
    assertEquals(CURRENT, major.to());
    assertTrue(major.crossesMajor());
    List<String> expected =
        Arrays.stream(RecoveryPass.values())
            .filter(pass -> pass.is(RecoveryPass.Flags.FSCK) && pass != RecoveryPass.CHECK_DAMAGE)
            .map(RecoveryPass::toString)
            .toList();
    assertTrue(passes(major).containsAll(expected), passes(major).toString());
    assertTrue(passes(major).contains("bucket_gens_init"));
    assertFalse(passes(major).contains("check_damage"));
  }

  @Test
  void aDryRunWritesNothing() throws IOException {
    byte[] before = Files.readAllBytes(Path.of(golden("old-version-1.13")));
    assertEquals(ExitCode.DONE, run("upgrade", "-n", golden("old-version-1.13")));
    assertTrue(
        outside.out().contains("inode_has_child_snapshots (1.13) to need_discard_by_journal_seq"));
    assertEquals(
        -1, Arrays.mismatch(before, Files.readAllBytes(Path.of(golden("old-version-1.13")))));
  }

  @Test
  void wordsThatMeanNothingAreUsageErrors() {
    String image = golden("default-1dev");
    assertEquals(ExitCode.USAGE, run("upgrade", "-n", "--policy", "some", image));
    assertTrue(outside.err().contains("there is no policy 'some'"), outside.err());
    assertEquals(ExitCode.USAGE, run("upgrade", "-n", "--to", "1.77", image));
    assertTrue(outside.err().contains("there is no version '1.77'"), outside.err());
  }

  @Test
  void anImageIsUpgradedAndEveryFileIsStillThere(@TempDir Path folder) throws IOException {
    Path image = Files.copy(Path.of(golden("old-version-1.13")), folder.resolve("img"));
    String name = image.toString();
    assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
    String tree = outside.out();
    assertEquals(ExitCode.DONE, run("upgrade", "--json", name), () -> outside.err());
    JsonNode data = new ObjectMapper().readTree(outside.out()).get("data");
    assertTrue(data.get("upgraded").asBoolean());
    assertEquals(13, data.get("from").get("minor").asInt());
    assertEquals(0, run("fsck", "-n", name), () -> outside.out());
    assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
    assertEquals(tree, outside.out());
    byte[] upgraded = Files.readAllBytes(image);
    assertEquals(ExitCode.DONE, run("upgrade", name));
    assertTrue(outside.err().contains("nothing to do"), outside.err());
    assertArrayEquals(upgraded, Files.readAllBytes(image));
  }

  private static Superblock superblockOf(Path image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(image)) {
      return SuperblockSearch.find(device).require();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.28", "1.30", "1.35"})
  void aFilesystemGoesBackToAnOlderVersionAndComesHereAgain(String version, @TempDir Path folder)
      throws IOException {
    Path image = folder.resolve("img");
    FileBlockDevice.create(image, 48 << 20).close();
    String name = image.toString();
    String source = Files.createDirectories(folder.resolve("source/below")).getParent().toString();
    Files.writeString(folder.resolve("source/below/file"), "contents");
    assertEquals(ExitCode.DONE, run("format", "-q", "--version=1.28", "--source=" + source, name));
    assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
    String tree = outside.out();
    for (int turn = 0; turn < 2; turn++) {
      assertEquals(ExitCode.DONE, run("upgrade", "--json", "--to", version, name));
      JsonNode plan = new ObjectMapper().readTree(outside.out()).get("data");
      assertEquals("downgrade", plan.get("direction").asText());
      Superblock back = superblockOf(image);
      int minor = Integer.parseInt(version.substring(2));
      assertEquals(MetadataVersion.number(1, minor), back.version());
      assertEquals(back.version(), back.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
      assertTrue(back.versionMin() <= back.version());
      assertTrue(back.versionIncompatAllowed() <= back.version());
      assertTrue(back.clean());
      assertEquals(
          list(plan.get("recovery_passes")),
          back.ext().orElseThrow().requiredPasses().stream().map(RecoveryPass::toString).toList());
      List<String> silent = list(plan.get("errors_silent"));
      assertEquals(silent.size(), back.ext().orElseThrow().errorsSilent().size());
      assertTrue(run("fsck", "-n", name) % 4 == 0, () -> outside.out());
      // Nothing but what the next mount repairs in silence.
      Matcher found = Pattern.compile("(?m)^ +[0-9]+  ([a-z_]+): ").matcher(outside.out());
      assertTrue(found.results().allMatch(each -> silent.contains(each.group(1))), outside.out());
      assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
      assertEquals(tree, outside.out());
      assertEquals(ExitCode.DONE, run("upgrade", name), () -> outside.err());
      Superblock here = superblockOf(image);
      assertEquals(CURRENT, here.version());
      assertEquals(List.of(), here.ext().orElseThrow().requiredPasses());
      assertEquals(List.of(), here.ext().orElseThrow().errorsSilent());
      assertEquals(0, run("fsck", "-n", name), () -> outside.out());
      assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
      assertEquals(tree, outside.out());
    }
  }

  @Test
  void whatAnOlderVersionDoesNotKnowIsNotTakenBackToIt(@TempDir Path folder) throws IOException {
    Path image = Files.copy(Path.of(golden("default-1dev")), folder.resolve("img"));
    byte[] before = Files.readAllBytes(image);
    assertEquals(ExitCode.FAILED, run("upgrade", "--to", "1.28", image.toString()));
    assertTrue(outside.err().contains("are in use, which"), outside.err());
    Path made = folder.resolve("made");
    FileBlockDevice.create(made, 48 << 20).close();
    assertEquals(ExitCode.DONE, run("format", "-q", "--version=1.28", made.toString()));
    assertEquals(ExitCode.FAILED, run("upgrade", "--to", "1.20", made.toString()));
    assertTrue(outside.err().contains("on can be gone back to"), outside.err());
    assertArrayEquals(before, Files.readAllBytes(image));
  }

  @Test
  void nothingBelowThisVersionIsUpgradedToAndNothingNewerIsTouchedUnasked(@TempDir Path folder)
      throws IOException {
    String old = Files.copy(Path.of(golden("old-version-1.13")), folder.resolve("o")).toString();
    String newer = Files.copy(Path.of(golden("v139-default")), folder.resolve("n")).toString();
    assertEquals(ExitCode.USAGE, run("upgrade", "--to", "1.30", old));
    assertEquals(ExitCode.FAILED, run("upgrade", "-o", "norecovery", old));
    assertEquals(ExitCode.DONE, run("upgrade", newer));
    assertTrue(outside.err().contains("nothing to do"), outside.err());
    assertEquals(-1, Files.mismatch(Path.of(old), Path.of(golden("old-version-1.13"))));
    assertEquals(-1, Files.mismatch(Path.of(newer), Path.of(golden("v139-default"))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"snapshots", "v139-default"})
  void aFilesystemGoesTo139AndBackOnlyIfAskedTo(String golden, @TempDir Path folder)
      throws IOException {
    Path image = Files.copy(Path.of(golden(golden)), folder.resolve("img"));
    String name = image.toString();
    assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
    String tree = outside.out();
    for (int version : new int[] {NEWEST, CURRENT, NEWEST, CURRENT}) {
      String to = "1." + MetadataVersion.minor(version);
      assertEquals(ExitCode.DONE, run("upgrade", "--to", to, name), () -> outside.err());
      Superblock now = superblockOf(image);
      assertEquals(version, now.version());
      assertEquals(version, now.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
      assertEquals(List.of(), now.ext().orElseThrow().requiredPasses());
      assertEquals(List.of(), now.ext().orElseThrow().errorsSilent());
      assertTrue(now.clean());
      assertEquals(0, run("fsck", "-n", name), () -> outside.out());
      assertEquals(ExitCode.DONE, run("tree", name, "/"), () -> outside.err());
      assertEquals(tree, outside.out());
      assertEquals(ExitCode.DONE, run("upgrade", name), () -> outside.err());
      assertEquals(version, superblockOf(image).version());
    }
  }

  @Test
  void showSuperSaysTheSame() throws IOException {
    JsonNode alone = plan("v139-default", "--to", "1.38");
    assertEquals(ExitCode.DONE, run("show-super", "--upgrade", "--json", golden("v139-default")));
    JsonNode data = new ObjectMapper().readTree(outside.out()).get("data");
    assertEquals(alone, data.get("upgrade"));
    assertEquals(ExitCode.DONE, run("show-super", "--upgrade", golden("v139-default")));
    assertTrue(outside.out().contains("\nUpgrade or downgrade:\nPolicy: "), outside.out());
  }
}
