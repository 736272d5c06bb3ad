// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Devices that refuse writes, now and then or for good, while a filesystem is in use: what others
 * can take is written there, nothing is lost, and what is left on the devices is sound.
 */
class FailingDeviceTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);
  private static final long SIZE = 68L << 20;

  @TempDir Path spill;

  private final List<MemoryDevice> media = new ArrayList<>();
  private List<FaultyDevice> devices = new ArrayList<>();
  private Instant now = Instant.ofEpochSecond(1_700_000_000);
  private final InstantSource clock = () -> now;

  private WritableFilesystem create(int count, long seed, Map<FilesystemOption, Long> options) {
    media.clear();
    for (int i = 0; i < count; i++) {
      media.add(new MemoryDevice("device" + i, SIZE));
    }
    int version = MetadataVersion.CURRENT.number();
    FilesystemFormat.create(
            SmallFilesystem.format(media, 8 << 10, 512, seed, version, options, null),
            Optional.empty(),
            SmallFilesystem.options(seed))
        .close();
    return open(seed);
  }

  private WritableFilesystem open(long seed) {
    List<MemoryDevice> again = Judge.reopenable(media);
    media.clear();
    media.addAll(again);
    devices = new ArrayList<>();
    media.forEach(device -> devices.add(new FaultyDevice(device, seed)));
    WriteOptions how = SmallFilesystem.options(seed + 1).withClock(clock);
    return WritableFilesystem.open(new ArrayList<>(devices), how);
  }

  private static Map<FilesystemOption, Long> replicas(long data) {
    Map<FilesystemOption, Long> options = new HashMap<>();
    options.put(FilesystemOption.DATA_REPLICAS, data);
    return options;
  }

  private static InodeId write(WritableTree tree, String name, byte[] data) {
    InodeId file =
        tree.create(tree.root(), name.getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0)).id();
    assertEquals(data.length, tree.write(file, 0, MemorySegment.ofArray(data)));
    return file;
  }

  private static MemberState state(WritableFilesystem filesystem, int device) {
    return filesystem.superblock().members().get(device).state();
  }

  private static byte[] random(int bytes, long seed) {
    byte[] data = new byte[bytes];
    new Random(seed).nextBytes(data);
    return data;
  }

  private static byte[] read(WritableTree tree, InodeId file, int bytes) {
    byte[] found = new byte[bytes];
    assertEquals(bytes, tree.read(file, 0, MemorySegment.ofArray(found)));
    return found;
  }

  @Test
  void operationsGoOnWhileWritesFailNowAndThen() {
    int seeds = NIGHTLY ? 200 : 4;
    for (long seed = SEED_BASE; seed < SEED_BASE + seeds; seed++) {
      Random random = new Random(seed);
      int count = 2 + random.nextInt(2);
      Map<FilesystemOption, Long> options = replicas(2);
      options.put(FilesystemOption.COMPRESSION, (long) random.nextInt(4));
      WritableFilesystem filesystem = create(count, seed, options);
      FaultyDevice bad = devices.get(random.nextInt(count));
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      RandomFiles files = new RandomFiles(random, new ModelTree(), 512);
      String where = "seed " + seed + " (-Djbcachefs.seedBase=" + seed + ")";
      for (int round = 0; round < 6; round++) {
        bad.failSometimes(random.nextInt(3) * 0.05);
        try {
          files.run(tree, 60);
          tree.syncAll();
          filesystem.tick();
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError(where + ": " + files.operation(), e);
        }
        bad.heal();
        assertEquals("", files.differences(FoundTree.read(media)), where);
        now = now.plusSeconds(6);
      }
      for (int round = 0; round < 10 && filesystem.hasBackgroundWork(); round++) {
        filesystem.reconcile(() -> true);
      }
      tree.close();
      filesystem.close();
      assertEquals("", files.differences(FoundTree.read(media)), where);
      Judge.keep(media, "failing" + seed);
      assertEquals(List.of(), Judge.findings(media, spill), where);
    }
  }

  @Test
  void aDeviceThatDiesIsMadeReadOnlyAndTheOthersHaveEverything() {
    for (long seed = SEED_BASE; seed < SEED_BASE + 4; seed++) {
      Random random = new Random(seed);
      WritableFilesystem filesystem = create(3, seed, replicas(2));
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      int dead = random.nextInt(3);
      RandomFiles files = new RandomFiles(random, new ModelTree(), 512);
      files.run(tree, 100);
      devices.get(dead).dieAfter(random.nextInt(200));
      for (int round = 0; round < 40 && state(filesystem, dead) == MemberState.RW; round++) {
        files.run(tree, 40);
        tree.syncAll();
        filesystem.tick();
        now = now.plusSeconds(4);
      }
      assertEquals(MemberState.RO, state(filesystem, dead), "seed " + seed);
      files.run(tree, 40);
      assertTrue(filesystem.superblock().members().get(dead).errors(MemberError.WRITE) > 0);
      tree.close();
      filesystem.close();
      List<MemoryDevice> left = new ArrayList<>(media);
      left.remove(dead);
      assertEquals("", files.differences(FoundTree.read(left)), "seed " + seed);
      Judge.keep(left, "dead" + seed);
      Judge.keep(media, "back" + seed);
      assertEquals(List.of(), Judge.findings(left, spill), "seed " + seed);
      // It comes back: nothing that is only older on it counts.
      assertEquals("", files.differences(FoundTree.read(media)), "seed " + seed);
      assertEquals(List.of(), Judge.findings(media, spill), "seed " + seed);
    }
  }

  @Test
  void dataThatADeviceRefusesGoesToAnother() {
    WritableFilesystem filesystem = create(2, 5, replicas(1));
    devices.get(0).failWrites(SIZE / 2, SIZE / 2);
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    List<InodeId> files = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      files.add(write(tree, "f" + i, random(800_000, i)));
    }
    tree.syncAll();
    for (int i = 0; i < 40; i++) {
      assertArrayEquals(random(800_000, i), read(tree, files.get(i), 800_000));
    }
    filesystem.tick();
    assertTrue(filesystem.superblock().members().get(0).errors(MemberError.WRITE) > 0);
    assertEquals(0, filesystem.superblock().members().get(1).errors(MemberError.WRITE));
    assertEquals(MemberState.RW, filesystem.superblock().members().get(0).state());
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  @Test
  void dataThatNobodyTakesIsAnErrorOfTheWriterAlone() {
    WritableFilesystem filesystem = create(1, 6, replicas(1));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    InodeId file = write(tree, "before", random(100_000, 1));
    tree.syncAll();
    devices.get(0).failWrites(0, SIZE);
    PosixException failure =
        assertThrows(
            PosixException.class,
            () -> tree.write(file, 0, MemorySegment.ofArray(random(100_000, 2))));
    assertEquals(PosixError.EIO, failure.error());
    devices.get(0).heal();
    assertArrayEquals(random(100_000, 1), read(tree, file, 100_000));
    InodeId after = write(tree, "after", random(100_000, 3));
    tree.syncAll();
    filesystem.tick();
    assertArrayEquals(random(100_000, 3), read(tree, after, 100_000));
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  @Test
  void theLastDeviceIsNotGivenUpButTheFilesystemIs() {
    WritableFilesystem filesystem = create(1, 7, replicas(1));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    InodeId file = write(tree, "f", random(10_000, 1));
    tree.syncAll();
    devices.get(0).failWrites(0, SIZE);
    assertThrows(
        PosixException.class, () -> tree.write(file, 0, MemorySegment.ofArray(random(9_000, 2))));
    assertThrows(DeviceException.class, filesystem::tick);
    filesystem.abandon();
    devices.get(0).heal();
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  @Test
  void aDeviceThatIsGoneIsDoneWithout() {
    WritableFilesystem filesystem = create(2, 8, replicas(2));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    InodeId file = write(tree, "f", random(300_000, 1));
    devices.get(1).dieAfter(0);
    long capacity = filesystem.budget().capacity();
    long free = filesystem.budget().free();
    filesystem.deviceLost(1, "the device is gone");
    long fewer = filesystem.budget().capacity();
    assertTrue(fewer < capacity * 6 / 10, fewer + " of " + capacity);
    assertTrue(filesystem.budget().free() < free - (capacity - fewer) / 2, "df shows less");
    assertEquals(MemberState.RO, filesystem.superblock().members().get(1).state());
    assertThrows(DeviceException.class, () -> filesystem.deviceLost(0, "the device is gone"));
    InodeId more = write(tree, "g", random(300_000, 2));
    tree.syncAll();
    assertArrayEquals(random(300_000, 1), read(tree, file, 300_000));
    assertArrayEquals(random(300_000, 2), read(tree, more, 300_000));
    assertTrue(filesystem.hasBackgroundWork(), "there are copies lacking");
    tree.close();
    filesystem.close();
    List<MemoryDevice> left = List.of(media.get(0));
    assertEquals(List.of(), Judge.findings(left, spill));
    assertFalse(FoundTree.read(left).isEmpty());
  }
}
