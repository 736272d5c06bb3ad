// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckRun;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.engine.sb.version.VersionRow;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.UpgradeTable;
import org.jbcachefs.format.tables.VersionStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Upgrades of what a kernel of version 1.13 wrote. */
class UpgradeRunTest {
  private static final String OLD = "old-version-1.13";
  private static final int CURRENT = MetadataVersion.CURRENT.number();

  @TempDir Path folder;

  private static UpgradeOptions options(UpgradePolicy policy) {
    return UpgradeOptions.of(WriteOptions.defaults().withRandom(new Random(1))).withPolicy(policy);
  }

  private Path copy(String golden) throws IOException {
    Path to = folder.resolve(golden);
    return Files.copy(
        GoldenImages.images(golden).getFirst(), to, StandardCopyOption.REPLACE_EXISTING);
  }

  private static List<BlockDevice> devices(Path image) {
    return new ArrayList<>(List.of(FileBlockDevice.openReadWrite(image)));
  }

  private static Superblock superblock(Path image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(image)) {
      return SuperblockSearch.find(device).require();
    }
  }

  private static List<String> tree(Path image) {
    try (ReadFilesystem read = ReadFilesystem.open(devices(image), OpenOptions.defaults())) {
      return TreeManifest.of(read.namespace(), read.data(), read.namespace().root());
    }
  }

  private void assertSound(Path image) {
    CheckOptions how = CheckOptions.defaults().withThreads(2).withSpill(folder);
    assertEquals("", CheckRun.of(OLD, devices(image), how).text());
  }

  private static List<Integer> silent(Superblock superblock) {
    return superblock.ext().map(ExtSection::errorsSilent).orElse(List.of());
  }

  private static long required(Superblock superblock) {
    return superblock.ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
  }

  @ParameterizedTest
  @EnumSource(UpgradePolicy.class)
  void everyPolicyBringsTheOldestOneHereWithEveryFile(UpgradePolicy policy) throws IOException {
    Path image = copy(OLD);
    List<String> before = tree(image);
    UpgradeRun.open(devices(image), options(policy)).close();
    Superblock after = superblock(image);
    assertEquals(CURRENT, after.version());
    assertEquals(CURRENT, (int) after.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
    assertEquals(MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS.number(), after.versionMin());
    int allowed =
        policy == UpgradePolicy.INCOMPATIBLE
            ? CURRENT
            : MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS.number();
    assertEquals(allowed, after.versionIncompatAllowed());
    assertEquals(0, required(after));
    assertEquals(List.of(), silent(after));
    assertTrue(after.clean());
    assertSound(image);
    assertEquals(before, tree(image));
    assertEquals(GoldenImages.text(OLD, "manifest.txt").lines().toList(), tree(image));
    assertFalse(UpgradeRun.isNeeded(UpgradeRun.plan(after, policy)));
  }

  @Test
  void whatIsBegunIsWrittenDownUntilItIsDone() throws IOException {
    Path image = copy(OLD);
    VersionPlan plan = UpgradeRun.plan(superblock(image), UpgradePolicy.COMPATIBLE);
    WriteOptions write = WriteOptions.defaults();
    List<BlockDevice> devices = new ArrayList<>();
    devices.add(new FaultyDevice(FileBlockDevice.openReadWrite(image), 1).cutPowerAfter(4));
    assertThrows(DeviceException.class, () -> UpgradeRun.open(devices, UpgradeOptions.of(write)));
    ((FaultyDevice) devices.getFirst()).cutPower();
    Superblock begun = superblock(image);
    assertEquals(CURRENT, begun.version());
    assertEquals(
        MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS.number(),
        (int) begun.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
    assertEquals(plan.passes(), required(begun));
    assertEquals(plan.errors(), silent(begun));
    RefusedException refused =
        assertThrows(RefusedException.class, () -> WritableFilesystem.open(devices(image), write));
    assertEquals("upgrade_required", refused.reason());
  }

  @ParameterizedTest
  @CsvSource({OLD + ", 38", OLD + ", 39", "snapshots, 39"})
  void anUpgradeThatWasCutOffAnywhereIsDoneAgain(String golden, int minor) throws IOException {
    int target = MetadataVersion.number(1, minor);
    UpgradeOptions how = options(UpgradePolicy.COMPATIBLE).withTarget(target);
    Path image = copy(golden);
    List<String> before = tree(image);
    long writes = writesOfAnUpgrade(image, how);
    int cuts = nightly() ? 60 : 4;
    for (int cut = 0; cut < cuts; cut++) {
      Random random = new Random(cut);
      image = copy(golden);
      String where = golden + ", seed " + cut;
      for (int times = 0; times < 2; times++) {
        int after = 1 + random.nextInt((int) writes);
        FaultyDevice faulty =
            new FaultyDevice(FileBlockDevice.openReadWrite(image), random.nextLong())
                .cutPowerAfter(after);
        where += ", cut after " + after + " writes";
        try {
          UpgradeRun.open(new ArrayList<>(List.of(faulty)), how).close();
        } catch (DeviceException e) {
          faulty.cutPower();
        } catch (CorruptionException e) {
          // Without power there is nothing to be read either.
          assertTrue(e.getMessage().contains("no power"), where + ": " + e.getMessage());
          faulty.cutPower();
        }
      }
      UpgradeRun.open(devices(image), how).close();
      assertEquals(target, superblock(image).version(), where);
      assertSound(image);
      assertEquals(before, tree(image), where);
    }
  }

  private static boolean nightly() {
    return System.getenv("JBCACHEFS_NIGHTLY") != null || Boolean.getBoolean("jbcachefs.nightly");
  }

  private static long writesOfAnUpgrade(Path image, UpgradeOptions how) {
    FaultyDevice counting = new FaultyDevice(FileBlockDevice.openReadWrite(image), 0);
    UpgradeRun.open(new ArrayList<>(List.of(counting)), how).close();
    return counting.counts().writes();
  }

  /** Copies of a golden filesystem whose superblocks say that they are of an older version. */
  private List<Path> lowered(String golden, MetadataVersion version) throws IOException {
    List<Path> copies = new ArrayList<>();
    for (Path image : GoldenImages.images(golden)) {
      Path copy = folder.resolve(golden + "-" + copies.size());
      copies.add(Files.copy(image, copy, StandardCopyOption.REPLACE_EXISTING));
      try (BlockDevice device = FileBlockDevice.openReadWrite(copy)) {
        Superblock superblock = SuperblockSearch.find(device).require();
        SuperblockEditor editor =
            new SuperblockEditor(superblock)
                .version(version.number())
                .versionMin(version.number())
                .flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, version.number())
                .flag(SuperblockFlag.VERSION_INCOMPAT, 0)
                .flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, version.number());
        for (long sector : superblock.layout().sectors()) {
          byte[] bytes = editor.offsetSector(sector).build();
          device.write(sector << 9, MemorySegment.ofArray(Arrays.copyOf(bytes, padded(bytes))));
        }
      }
    }
    return copies;
  }

  private static int padded(byte[] bytes) {
    return (bytes.length + 4095) / 4096 * 4096;
  }

  private static List<BlockDevice> devices(List<Path> images) {
    List<BlockDevice> devices = new ArrayList<>();
    images.forEach(image -> devices.add(FileBlockDevice.openReadWrite(image)));
    return devices;
  }

  private static List<String> tree(List<Path> images) {
    try (ReadFilesystem read = ReadFilesystem.open(devices(images), OpenOptions.defaults())) {
      return TreeManifest.of(read.namespace(), read.data(), read.namespace().root());
    }
  }

  /** Of several members, with cached copies, one of them after a crash. */
  @ParameterizedTest
  @CsvSource({
    "replicas2-3dev, INODE_HAS_CHILD_SNAPSHOTS",
    "replicas2-3dev, STRIPE_BACKPOINTERS",
    "dirty-journal-multidev, INODE_HAS_CHILD_SNAPSHOTS"
  })
  void allThatIsKeptAboutSpaceIsMadeAnewOfTheOtherKeys(String golden, MetadataVersion version)
      throws IOException {
    List<Path> images = lowered(golden, version);
    List<String> before = tree(images);
    UpgradeRun.open(devices(images), options(UpgradePolicy.COMPATIBLE)).close();
    CheckOptions how = CheckOptions.defaults().withThreads(2).withSpill(folder);
    assertEquals("", CheckRun.of(golden, devices(images), how).text());
    assertEquals(before, tree(images));
  }

  /** Erasure coded data stays as it is; what is kept about it is made anew. */
  @ParameterizedTest
  @EnumSource(names = {"INODE_HAS_CHILD_SNAPSHOTS", "CACHED_BACKPOINTERS", "RECONCILE"})
  void erasureCodedFilesystemsAreUpgradedWhereNothingIsWrittenAfterwards(MetadataVersion version)
      throws IOException {
    List<Path> images = lowered("ec-6dev", version);
    List<String> before = tree(images);
    UpgradeOptions options = options(UpgradePolicy.COMPATIBLE);
    RefusedException refused =
        assertThrows(RefusedException.class, () -> UpgradeRun.open(devices(images), options));
    assertEquals("erasure_coding_read_only", refused.reason());
    UpgradeRun.open(devices(images), options.ending()).close();
    CheckOptions how = CheckOptions.defaults().withThreads(2).withSpill(folder);
    // The golden one notes background work in its extents, as no version before 1.33 did.
    String found = CheckRun.of("ec-6dev", devices(images), how).text();
    assertEquals(
        List.of(),
        found
            .lines()
            .filter(line -> !line.startsWith("reconcile_work_incorrectly_set: "))
            .toList());
    assertEquals(before, tree(images));
    assertEquals(CURRENT, superblock(images.getFirst()).version());
  }

  @Test
  void aMissingMemberIsDoneWithoutWhereThatWasSaid() throws IOException {
    List<Path> images = lowered("replicas2-3dev", MetadataVersion.INODE_HAS_CHILD_SNAPSHOTS);
    List<Path> left = List.of(images.get(0), images.get(2));
    // Some files have one copy, on the member that is missing.
    List<String> all = tree(images);
    List<String> some = tree(left);
    WriteOptions whatever = WriteOptions.defaults().withOpen(OpenOptions.defaults());
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> UpgradeRun.open(devices(left), UpgradeOptions.of(whatever)));
    assertTrue(refused.sentence().contains("member 1 is missing"), refused.sentence());
    UpgradeRun.open(devices(left), options(UpgradePolicy.COMPATIBLE)).close();
    CheckOptions how = CheckOptions.defaults().withThreads(2).withSpill(folder);
    assertEquals("", CheckRun.of("replicas2-3dev", devices(left), how).text());
    assertEquals(some, tree(left));
    assertEquals("", CheckRun.of("replicas2-3dev", devices(images), how).text());
    assertEquals(all, tree(images));
  }

  @Test
  void caseInsensitiveDirectoriesOfBefore128AreLeftToOthers() throws IOException {
    List<Path> images = lowered("casefold-default", MetadataVersion.FAST_DEVICE_REMOVAL);
    RefusedException refused =
        assertThrows(
            RefusedException.class,
            () -> UpgradeRun.open(devices(images), options(UpgradePolicy.COMPATIBLE)));
    assertTrue(refused.sentence().contains("case-insensitive"), refused.sentence());
    List<Path> without = lowered("reflink", MetadataVersion.FAST_DEVICE_REMOVAL);
    UpgradeRun.open(devices(without), options(UpgradePolicy.COMPATIBLE)).close();
    assertEquals(CURRENT, superblock(without.getFirst()).version());
  }

  @Test
  void everyPassThatTheTableAsksForHasAStep() throws IOException {
    int newest = MetadataVersion.NEWEST.number();
    VersionPlan plan = UpgradeRun.plan(superblock(copy(OLD)), UpgradePolicy.COMPATIBLE, newest);
    int rows = 0;
    for (VersionStep step : UpgradeTable.STEPS) {
      if (step.version().number() > plan.from()) {
        rows++;
        VersionRow row =
            plan.rows().stream()
                .filter(each -> each.version() == step.version().number())
                .findFirst()
                .orElseThrow();
        assertEquals(Set.of(), UpgradeRun.uncovered(row, plan), step.version().toString());
      }
    }
    assertEquals(10, rows);
    Set<MetadataVersion> standsFor =
        UpgradeRun.STEPS.stream()
            .flatMap(step -> step.versions().stream())
            .collect(Collectors.toSet());
    Set<MetadataVersion> asksFor =
        UpgradeTable.STEPS.stream().map(VersionStep::version).collect(Collectors.toSet());
    assertTrue(asksFor.containsAll(standsFor), () -> standsFor + " are not all in " + asksFor);
    assertTrue(plan.errors().contains(FsckError.ACCOUNTING_MISMATCH.number()));
  }

  @Test
  void whatCannotBeUpgradedIsRefusedAndNotTouched() throws IOException {
    for (String golden : List.of("ec-6dev", "degraded")) {
      Path image = copy(golden);
      byte[] before = Files.readAllBytes(image);
      RefusedException refused =
          assertThrows(
              RefusedException.class,
              () -> UpgradeRun.open(devices(image), options(UpgradePolicy.INCOMPATIBLE)));
      assertFalse(refused.sentence().isEmpty());
      assertTrue(Arrays.equals(before, Files.readAllBytes(image)), golden);
    }
  }
}
