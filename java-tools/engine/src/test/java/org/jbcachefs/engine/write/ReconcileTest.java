// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.data.move.Reconcile;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.Target;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work in the background: afterwards extents are as options want them, and say the same bytes. */
class ReconcileTest {
  private static final int CURRENT = MetadataVersion.CURRENT.number();
  private static final long ZSTD = 3;

  @TempDir Path spill;

  private final Map<InodeId, byte[]> files =
      new TreeMap<>(Comparator.comparingLong(InodeId::number).thenComparingInt(InodeId::subvolume));
  private List<MemoryDevice> devices = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private void create(int count, byte[] key, Map<FilesystemOption, Long> options) {
    for (int i = 0; i < count; i++) {
      devices.add(new MemoryDevice("device" + i, 68L << 20));
    }
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(devices, 8 << 10, 512, 3, CURRENT, options, key),
            Optional.ofNullable(key).map(FilesystemKey::new),
            SmallFilesystem.options(3));
    tree = new WritableTree(filesystem, _ -> {});
  }

  private InodeId write(String name, int bytes, int seed) {
    byte[] data = new byte[bytes];
    Random random = new Random(seed);
    for (int i = 0; i < bytes; i++) {
      data[i] = (byte) (random.nextInt(4) + 'a');
    }
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    tree.write(file, 0, MemorySegment.ofArray(data));
    files.put(file, data);
    return file;
  }

  private void work() {
    for (int round = 0; round < 20 && filesystem.hasBackgroundWork(); round++) {
      filesystem.reconcile(() -> true);
    }
    assertFalse(filesystem.hasBackgroundWork(), "nothing is left to be done");
  }

  private void contentsAreRight() {
    files.forEach((file, data) -> {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(data.length + 1L);
        assertEquals(data.length, tree.read(file, 0, buffer));
        byte[] found = buffer.asSlice(0, data.length).toArray(ValueLayout.JAVA_BYTE);
        assertArrayEquals(data, found);
      }
    });
  }

  @AfterEach
  void soundBeforeAndAfterTheEnd() {
    contentsAreRight();
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  private int count(BtreeId btree) {
    int count = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        count++;
      }
    }
    return count;
  }

  /** What all pointers to data say: devices, types of compression and of checksums. */
  private record Seen(Set<Integer> devices, Set<Integer> compressions, Set<Integer> checksums) {}

  private Seen seen(BtreeId btree, int copies) {
    Seen seen = new Seen(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        entries.of(keys.key(), ExtentEntrySizes.KNOWN);
        int pointers = 0;
        while (entries.nextPtr()) {
          pointers++;
          seen.devices.add(entries.dev());
          seen.compressions.add(entries.crc().compressionType());
          seen.checksums.add(entries.crc().checksumType());
        }
        assertTrue(pointers == 0 || pointers == copies, keys.key().toString());
      }
    }
    return seen;
  }

  @Test
  void whatIsToBeCompressedLaterIsCompressed() {
    create(1, null, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, ZSTD));
    InodeId file = write("file", 300_000, 1);
    long before = filesystem.budget().free();
    assertEquals(Set.of(0), seen(BtreeId.EXTENTS, 1).compressions);
    work();
    assertEquals(1, seen(BtreeId.EXTENTS, 1).compressions.size());
    assertFalse(seen(BtreeId.EXTENTS, 1).compressions.contains(0));
    assertTrue(filesystem.budget().free() > before + 200, "there is more room now");
    assertEquals(0, count(BtreeId.RECONCILE_PENDING));
    InodeId copy = write("copy", 100, 2);
    tree.clone(file, 0, copy, 0, 65_536);
    byte[] shared = files.get(file).clone();
    files.put(copy, Arrays.copyOf(shared, 65_536));
  }

  @Test
  void whatIsSharedIsCompressedAsOne() {
    create(1, null, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, ZSTD));
    InodeId file = write("file", 300_000, 1);
    InodeId copy = write("copy", 300_000, 1);
    tree.clone(file, 0, copy, 0, 300_000 / 512 * 512);
    work();
    assertFalse(seen(BtreeId.REFLINK, 1).compressions.contains(0));
  }

  @Test
  void whatIsSharedWhileItWaitsForItsFilesNewOptionsNotesThemOnce() {
    create(1, null, Map.of(FilesystemOption.DATA_CHECKSUM, 1L));
    InodeId file = write("file", 65_536, 1);
    tree.setOption(file, InodeOption.DATA_REPLICAS, OptionalLong.of(2));
    work();
    InodeId copy = write("copy", 100, 2);
    tree.setOption(file, InodeOption.BACKGROUND_COMPRESSION, OptionalLong.of(ZSTD));
    tree.clone(file, 0, copy, 0, 65_536);
    files.put(copy, files.get(file).clone());
  }

  @Test
  void bytesThatDoNotBecomeSmallerAreSaidToBeSo() {
    create(1, null, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, ZSTD));
    byte[] noise = new byte[200_000];
    new Random(9).nextBytes(noise);
    InodeId file = write("noise", 10, 1);
    tree.write(file, 0, MemorySegment.ofArray(noise));
    files.put(file, noise);
    work();
    assertEquals(0, count(BtreeId.RECONCILE_PENDING), "and not tried again and again");
  }

  @Test
  void dataGoesToTheTargetForTheBackground() {
    long second = new Target(Target.Kind.DEVICE, 1).number();
    long first = new Target(Target.Kind.DEVICE, 0).number();
    create(
        2,
        null,
        Map.of(
            FilesystemOption.FOREGROUND_TARGET, first,
            FilesystemOption.BACKGROUND_TARGET, second));
    write("file", 500_000, 1);
    write("small", 20_000, 2);
    assertEquals(Set.of(0), seen(BtreeId.EXTENTS, 1).devices);
    work();
    assertEquals(Set.of(1), seen(BtreeId.EXTENTS, 1).devices);
  }

  @Test
  void whatAFileIsToHaveMoreOfIsCopied() {
    create(2, null, Map.of());
    InodeId file = write("file", 200_000, 1);
    InodeId other = write("other", 200_000, 2);
    tree.setOption(file, InodeOption.DATA_REPLICAS, OptionalLong.of(2));
    work();
    Map<Long, Integer> copies = new TreeMap<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        entries.of(keys.key(), ExtentEntrySizes.KNOWN);
        int pointers = 0;
        while (entries.nextPtr()) {
          pointers++;
        }
        copies.merge(keys.key().inode(), pointers, Math::min);
      }
    }
    assertEquals(Map.of(file.number(), 2, other.number(), 1), copies);
    tree.setOption(file, InodeOption.DATA_REPLICAS, OptionalLong.empty());
    work();
    seen(BtreeId.EXTENTS, 1);
  }

  @Test
  void whatCannotBeDoneWaitsAndIsTriedWhenSomebodyAsks() {
    create(1, null, Map.of());
    InodeId file = write("file", 200_000, 1);
    tree.setOption(file, InodeOption.DATA_REPLICAS, OptionalLong.of(2));
    work();
    int waiting = count(BtreeId.RECONCILE_PENDING);
    assertTrue(waiting > 0);
    work();
    assertEquals(waiting, count(BtreeId.RECONCILE_PENDING));
    filesystem.askForScan(Reconcile.scanOfPending());
    assertTrue(filesystem.hasBackgroundWork());
    work();
    assertEquals(waiting, count(BtreeId.RECONCILE_PENDING), "still one device");
    tree.setOption(file, InodeOption.DATA_REPLICAS, OptionalLong.empty());
    work();
    assertEquals(0, count(BtreeId.RECONCILE_PENDING));
  }

  @Test
  void optionsOfTheWholeFilesystemAreFollowedAfterAScan() {
    create(1, null, Map.of());
    write("file", 200_000, 1);
    work();
    filesystem
        .superblockWriter()
        .update(editor -> editor.option(FilesystemOption.DATA_CHECKSUM, 3));
    filesystem.askForScan();
    work();
    assertEquals(1, seen(BtreeId.EXTENTS, 1).checksums.size());
    assertEquals(0, count(BtreeId.RECONCILE_SCAN));
  }

  @Test
  void encryptedDataIsMovedUnderNewVersions() {
    byte[] key = new byte[32];
    new Random(4).nextBytes(key);
    create(1, key, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, ZSTD));
    write("file", 300_000, 1);
    work();
    assertFalse(seen(BtreeId.EXTENTS, 1).compressions.contains(0));
  }

  @Test
  void aPowerCutDuringTheWorkLosesNothing() {
    create(2, null, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, ZSTD));
    for (int i = 0; i < 6; i++) {
      write("file" + i, 150_000, i);
    }
    tree.close();
    filesystem.close();
    Random random = new Random(11);
    for (int cut = 0; cut < 12; cut++) {
      devices = new ArrayList<>(Judge.reopenable(devices));
      List<BlockDevice> faulty = new ArrayList<>();
      int writes = random.nextInt(150);
      List<FaultyDevice> all = new ArrayList<>();
      for (MemoryDevice device : devices) {
        FaultyDevice one = new FaultyDevice(device, random.nextLong());
        one.cutPowerAfter(writes);
        all.add(one);
        faulty.add(one);
      }
      try {
        WritableFilesystem cutting =
            WritableFilesystem.open(faulty, SmallFilesystem.options(100 + cut));
        cutting.reconcile(() -> true);
        cutting.sync();
        cutting.abandon();
      } catch (DeviceException _) {
        // The power is gone.
      }
      all.forEach(FaultyDevice::cutPower);
      devices = new ArrayList<>(Judge.reopenable(devices));
      filesystem = WritableFilesystem.open(new ArrayList<>(devices), SmallFilesystem.options(cut));
      tree = new WritableTree(filesystem, _ -> {});
      contentsAreRight();
      tree.close();
      filesystem.close();
      assertEquals(List.of(), Judge.findings(devices, spill), "cut " + cut);
    }
    devices = new ArrayList<>(Judge.reopenable(devices));
    filesystem = WritableFilesystem.open(new ArrayList<>(devices), SmallFilesystem.options(99));
    tree = new WritableTree(filesystem, _ -> {});
    work();
    assertFalse(seen(BtreeId.EXTENTS, 1).compressions.contains(0));
  }
}
