// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.sb.SuperblockRecovery;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.testing.ErasedSuperblocks;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Filesystems whose devices have lost every superblock get new ones; fsck goes on from there, and
 * everything is as it was.
 */
class SuperblockRebuildTest {
  private static final long NANOS = 1_000_000_000L;
  private static final Instant NOW = Instant.parse("2031-01-01T00:00:00Z");

  @TempDir private static Path spill;

  private static List<BlockDevice> copies(String name) {
    List<BlockDevice> copies = new ArrayList<>();
    GoldenImages.open(name).forEach(device -> copies.add(new CopyOnWriteDevice(device)));
    return copies;
  }

  private static List<BlockDevice> erased(List<BlockDevice> devices) {
    devices.forEach(device -> ErasedSuperblocks.of((CopyOnWriteDevice) device));
    return devices;
  }

  private static Superblock newest(BlockDevice device) {
    return SuperblockSearch.find(device).require();
  }

  private static RebuiltSuperblocks rebuild(List<BlockDevice> devices) {
    // Time goes on from device to device: all of them must say the same nonetheless.
    AtomicLong asked = new AtomicLong();
    InstantSource clock = () -> NOW.plusSeconds(asked.getAndIncrement());
    return SuperblockRebuild.of(devices, 2, clock, finding -> {});
  }

  private static void repair(List<BlockDevice> devices) {
    RepairOptions options =
        new RepairOptions(
            WriteOptions.defaults(), CheckOptions.defaults().withThreads(2).withSpill(spill));
    RepairNotes notes = new RepairNotes();
    assertTrue(new RepairRun(devices, options, notes).run().isClean(), notes::toString);
    RepairNotes second = new RepairNotes();
    assertFalse(new RepairRun(devices, options, second).run().isChanged(), second::toString);
  }

  private static List<String> tree(List<BlockDevice> devices) {
    List<BlockDevice> lent = new ArrayList<>();
    devices.forEach(device -> lent.add(new org.jbcachefs.block.LentDevice(device)));
    try (ReadFilesystem filesystem = ReadFilesystem.open(lent, OpenOptions.defaults())) {
      return TreeManifest.of(
          filesystem.namespace(), filesystem.data(), filesystem.namespace().root());
    }
  }

  private static void recover(List<BlockDevice> devices, String name) {
    RebuiltSuperblocks rebuilt = rebuild(devices);
    assertEquals(devices.size(), rebuilt.superblocks().size());
    rebuilt.superblocks().forEach(SuperblockRecovery::write);
    repair(devices);
    assertEquals(
        ErasedSuperblocks.comparable(GoldenImages.text(name, "manifest.txt").lines().toList()),
        ErasedSuperblocks.comparable(tree(devices)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default-1dev",
        "dirty-journal-1",
        "dirty-btree-small-nodes",
        "compression-all",
        "casefold-default",
        "metadata-csum-none",
        "snapshots",
        "reflink",
        "nocow",
        "v139-default",
        "v139-snapshots"
      })
  void theOnlyDeviceOfAFilesystemIsReadableAgainAfterARepair(String name) {
    recover(erased(copies(name)), name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tiered",
        "replicas2-3dev",
        "dirty-journal-multidev",
        "ec-6dev",
        "ec-6dev-degraded"
      })
  void soAreAllDevicesOfOneThatHadSeveral(String name) {
    recover(erased(copies(name)), name);
  }

  /** Else what is in stripes would be written anew in the background, and be less safe. */
  @Test
  void dataThatIsErasureCodedStaysSo() {
    List<BlockDevice> devices = erased(copies("ec-6dev"));
    Superblock rebuilt = rebuild(devices).superblocks().get(devices.getFirst());
    assertEquals(OptionalLong.of(1), rebuilt.option(FilesystemOption.ERASURE_CODE));
    assertEquals(OptionalLong.of(3), rebuilt.option(FilesystemOption.DATA_REPLICAS));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default-1dev",
        "dirty-journal-1",
        "dirty-btree-small-nodes",
        "v128-default",
        "old-version-1.13",
        "tiered",
        "v139-default",
        "v139-snapshots"
      })
  void sizesAndPlacesAreWhatTheyWere(String name) {
    List<BlockDevice> devices = copies(name);
    List<Superblock> before = devices.stream().map(SuperblockRebuildTest::newest).toList();
    RebuiltSuperblocks rebuilt = rebuild(erased(devices));
    for (int i = 0; i < devices.size(); i++) {
      Superblock was = before.get(i);
      Superblock is = rebuilt.superblocks().get(devices.get(i));
      assertEquals(was.deviceIndex(), is.deviceIndex());
      assertEquals(was.version(), is.version());
      // An upgrade need not leave a node of the version that the filesystem began with.
      int oldest = name.equals("v128-default") ? was.version() : was.versionMin();
      assertEquals(oldest, is.versionMin());
      assertEquals(was.blockBytes(), is.blockBytes());
      assertEquals(was.btreeNodeBytes(), is.btreeNodeBytes());
      assertEquals(was.layout(), is.layout());
      assertEquals(was.magicWord(), is.magicWord());
      assertEquals(
          Arrays.stream(was.journalBuckets().buckets()).sorted().boxed().toList(),
          Arrays.stream(is.journalBuckets().buckets()).boxed().toList());
      int member = was.deviceIndex();
      assertEquals(
          was.members().get(member).bucketSectors(), is.members().get(member).bucketSectors());
      assertEquals(was.members().get(member).nbuckets(), is.members().get(member).nbuckets());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"default-1dev", "dirty-journal-1", "snapshots", "v139-default"})
  void timesAreRightToSomeSeconds(String name) {
    List<BlockDevice> devices = copies(name);
    long before = newest(devices.getFirst()).timeBaseLo();
    RebuiltSuperblocks rebuilt = rebuild(erased(devices));
    long after = rebuilt.superblocks().get(devices.getFirst()).timeBaseLo();
    assertTrue(
        after - before > -NANOS && after - before < 30 * NANOS,
        () -> (after - before) / 1e9 + " s off");
  }

  /** What came of a crash and was given up counts no more, though nobody says so. */
  @Test
  void sequenceNumbersThatWereGivenUpAreFoundByTheGapThatTheyLeave() {
    List<BlockDevice> devices = copies("dirty-journal-1");
    try (WritableFilesystem filesystem =
        WritableFilesystem.open(
            List.of(new org.jbcachefs.block.LentDevice(devices.getFirst())),
            WriteOptions.defaults())) {
      filesystem.sync();
    }
    var before = JournalRecovery.blacklist(newest(devices.getFirst())).ranges();
    assertFalse(before.isEmpty());
    Superblock rebuilt = rebuild(erased(devices)).superblocks().get(devices.getFirst());
    assertEquals(before, JournalRecovery.blacklist(rebuilt).ranges());
  }

  @Test
  void withoutAnyJournalEntryTheNodesAreFoundByTheirMagic() {
    List<BlockDevice> devices = copies("default-1dev");
    Superblock before = newest(devices.getFirst());
    int bytes = before.members().getFirst().bucketSectors() * 512;
    for (long bucket : before.journalBuckets().buckets()) {
      devices.getFirst().write(bucket * bytes, MemorySegment.ofArray(new byte[bytes]));
    }
    recover(erased(devices), "default-1dev");
  }

  @Test
  void oneThatHasACopyIsLeftToThat() {
    assertEquals(
        "has_superblock",
        assertThrows(RefusedException.class, () -> rebuild(copies("sb-primary-zeroed"))).reason());
  }

  @Test
  void anEncryptedOneIsRefusedSinceItsKeyIsLost() {
    RefusedException e =
        assertThrows(RefusedException.class, () -> rebuild(erased(copies("encryption"))));
    assertEquals("encrypted_without_superblock", e.reason());
  }
}
