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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cached copies of what is read, on a fast device beside a slow one that has all data. */
class PromotionsTest {
  private static final int SLOW = 0;
  private static final int FAST = 1;
  private static final long SLOW_LABEL = new Target(Target.Kind.LABEL, 0).number();
  private static final long FAST_LABEL = new Target(Target.Kind.LABEL, 1).number();
  private static final long ZSTD = 3;

  @TempDir Path spill;

  private final Map<InodeId, byte[]> files = new LinkedHashMap<>();
  private final List<FaultyDevice> faulty = new ArrayList<>();
  private List<MemoryDevice> devices = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private void create(Map<FilesystemOption, Long> more) {
    create(more, 0, WriteRules.ALL);
  }

  private void create(Map<FilesystemOption, Long> more, int durability, WriteRules rules) {
    devices.add(new MemoryDevice("slow", 68L << 20));
    devices.add(new MemoryDevice("fast", 36L << 20));
    devices.forEach(device -> faulty.add(new FaultyDevice(device, 1)));
    Map<FilesystemOption, Long> options = new HashMap<>();
    options.put(FilesystemOption.METADATA_REPLICAS, 1L);
    options.put(FilesystemOption.FOREGROUND_TARGET, SLOW_LABEL);
    options.put(FilesystemOption.PROMOTE_TARGET, FAST_LABEL);
    options.putAll(more);
    FormatOptions plain =
        SmallFilesystem.format(
            faulty, 8 << 10, 512, 7, MetadataVersion.CURRENT.number(), options, null);
    List<FormatOptions.MemberFormat> members = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      FormatOptions.MemberFormat member = plain.members().get(i);
      members.add(
          new FormatOptions.MemberFormat(
              member.device(),
              member.uuid(),
              member.sizeBytes(),
              member.bucketBytes(),
              i,
              i == FAST ? durability : 1,
              true,
              i == SLOW,
              member.dataAllowed(),
              member.state()));
    }
    FormatOptions format =
        new FormatOptions(
            plain.internalUuid(),
            plain.userUuid(),
            plain.label(),
            plain.versionAllowed(),
            plain.blockBytes(),
            plain.btreeNodeBytes(),
            plain.extentBpShift(),
            plain.superblockSectors(),
            plain.options(),
            new DiskGroupsSection(List.of(label("hdd"), label("ssd")), Bytes.EMPTY),
            plain.crypt(),
            members,
            plain.copyAtEnd());
    filesystem =
        FilesystemFormat.create(format, Optional.empty(), SmallFilesystem.options(7, rules));
    tree = new WritableTree(filesystem, _ -> {});
  }

  private static DiskGroupsSection.Label label(String name) {
    byte[] stored = Arrays.copyOf(name.getBytes(UTF_8), DiskGroupsSection.LABEL_BYTES);
    return new DiskGroupsSection.Label(
        Bytes.copyOf(stored),
        DiskGroupsSection.DATA_ALLOWED.set(0, DiskGroupsSection.DATA_ALLOWED.max()),
        0);
  }

  private InodeId write(String name, int bytes) {
    byte[] data = new byte[bytes];
    Random random = new Random(name.hashCode());
    for (int i = 0; i < bytes; i++) {
      data[i] = (byte) (random.nextInt(4) + 'a');
    }
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    long written = tree.write(file, 0, MemorySegment.ofArray(data));
    files.put(file, Arrays.copyOf(data, Math.toIntExact(written)));
    return file;
  }

  private void read(InodeId file) {
    byte[] data = files.get(file);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(data.length + 1L);
      assertEquals(data.length, tree.read(file, 0, buffer));
      assertArrayEquals(data, buffer.asSlice(0, data.length).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private int promote() {
    return filesystem.promote(() -> true);
  }

  /** How many extents have a cached pointer to the fast device; all have one to the slow one. */
  private int copies(BtreeId btree) {
    int copies = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        entries.of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          assertEquals(entries.dev() == FAST, entries.cached(), keys.key().toString());
          copies += entries.cached() ? 1 : 0;
        }
      }
    }
    return copies;
  }

  private void soundBeforeAndAfterTheEnd() {
    files.keySet().forEach(this::read);
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    Judge.keep(devices, "promoted");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, ZSTD})
  void whatIsReadOnceIsReadFromTheFastDeviceFromThenOn(long compression) {
    create(Map.of(FilesystemOption.COMPRESSION, compression));
    InodeId file = write("file", 300_000);
    InodeId other = write("other", 100_000);
    assertFalse(filesystem.hasPromotions());
    long free = filesystem.budget().free();
    read(file);
    assertTrue(filesystem.hasPromotions());
    int copied = promote();
    assertTrue(copied > 0);
    assertEquals(copied, copies(BtreeId.EXTENTS));
    assertTrue(filesystem.budget().free() > free - 200, "copies take no room that df shows");
    long before = faulty.get(SLOW).counts().reads();
    read(file);
    assertEquals(before, faulty.get(SLOW).counts().reads(), "nothing was read from the slow one");
    assertEquals(0, promote(), "it is there");
    read(other);
    assertTrue(faulty.get(SLOW).counts().reads() > before);
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void aFilesOwnOptionCounts() {
    create(Map.of(FilesystemOption.PROMOTE_TARGET, 0L));
    InodeId file = write("file", 100_000);
    InodeId other = write("other", 100_000);
    tree.setOption(file, InodeOption.PROMOTE_TARGET, OptionalLong.of(FAST_LABEL));
    read(file);
    read(other);
    int copied = promote();
    assertTrue(copied > 0);
    assertEquals(copied, copies(BtreeId.EXTENTS));
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void whatIsSharedIsCopiedOnce() {
    create(Map.of());
    InodeId file = write("file", 65_536);
    InodeId copy = write("copy", 512);
    tree.clone(file, 0, copy, 0, 65_536);
    files.put(copy, files.get(file).clone());
    read(file);
    int copied = promote();
    assertEquals(copied, copies(BtreeId.REFLINK));
    assertTrue(copied > 0);
    read(copy);
    assertEquals(0, promote());
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void aPartOfAnExtentIsCopiedWhereWholeOnesAreNotWanted() {
    create(Map.of(FilesystemOption.PROMOTE_WHOLE_EXTENTS, 0L, FilesystemOption.DATA_CHECKSUM, 0L));
    InodeId file = write("file", 60 << 10);
    assertEquals(60 << 10, files.get(file).length);
    MemorySegment part = MemorySegment.ofArray(new byte[1000]);
    assertEquals(1000, tree.read(file, 20_000, part));
    assertEquals(1, promote());
    List<Long> cached = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          if (entries.cached()) {
            cached.add(keys.key().start());
            cached.add(keys.key().offset());
          }
        }
      }
    }
    assertEquals(List.of(39L, 42L), cached);
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void whatWasNeverWrittenAndWhatIsOverwrittenInPlaceIsNotCopied() {
    create(Map.of(FilesystemOption.INLINE_DATA, 1L));
    InodeId file = write("file", 100);
    tree.allocate(file, AllocateMode.ALLOCATE, 0, 100_000);
    files.put(file, Arrays.copyOf(files.get(file), 100_000));
    InodeId inPlace = write("in place", 0);
    tree.setOption(inPlace, InodeOption.NOCOW, OptionalLong.of(1));
    byte[] data = new byte[20_000];
    tree.write(inPlace, 0, MemorySegment.ofArray(data));
    files.put(inPlace, data);
    files.keySet().forEach(this::read);
    promote();
    assertEquals(0, copiesOf(inPlace));
    assertEquals(0, copiesOf(file));
    soundBeforeAndAfterTheEnd();
  }

  private int copiesOf(InodeId file) {
    int copies = 0;
    Bpos from = Bpos.of(file.number(), 0);
    Bpos to = new Bpos(file.number(), -1, -1);
    try (KeyIterator keys = filesystem.btrees().iterate(BtreeId.EXTENTS.number(), from, to)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          copies += entries.cached() ? 1 : 0;
        }
      }
    }
    return copies;
  }

  /** The fast device counts for copies as well: data may want its room. */
  @Test
  void copiesAreGivenUpWhereRoomIsNeeded() {
    create(Map.of(FilesystemOption.FOREGROUND_TARGET, 0L), 1, WriteRules.ALL);
    List<InodeId> slow = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      slow.add(write("file" + i, 400_000));
    }
    slow.forEach(this::read);
    while (promote() > 0) {
      slow.forEach(this::read);
    }
    long copies = slow.stream().mapToInt(this::copiesOf).sum();
    assertTrue(copies > 50, copies + " copies");
    int number = 0;
    try {
      while (true) {
        write("more" + number++, 400_000);
      }
    } catch (PosixException e) {
      assertEquals(PosixError.ENOSPC, e.error());
      byte[] last = ("more" + (number - 1)).getBytes(UTF_8);
      tree.lookup(tree.root(), last).ifPresent(_ -> tree.unlink(tree.root(), last));
    }
    long left = slow.stream().mapToInt(this::copiesOf).sum();
    assertTrue(left < copies / 2, left + " of " + copies + " copies are left");
    soundBeforeAndAfterTheEnd();
  }

  /** A cache that is smaller than what is read: what was read last is in it. */
  @Test
  void whatWasNotReadForLongestMakesRoomForWhatIsRead() {
    create(Map.of());
    for (int i = 0; i < 110; i++) {
      write("file" + i, 400_000);
    }
    List<InodeId> all = List.copyOf(files.keySet());
    for (InodeId file : all) {
      read(file);
      read(all.getFirst());
      for (int i = 0; i < 3; i++) {
        promote();
        filesystem.tick();
      }
    }
    assertTrue(copiesOf(all.getFirst()) > 0, "read all the time");
    assertTrue(copiesOf(all.getLast()) > 0, "read last");
    assertEquals(0, copiesOf(all.get(1)), "read once, long ago");
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void aPowerCutDuringTheWorkLosesNothing() {
    create(Map.of());
    for (int i = 0; i < 6; i++) {
      write("file" + i, 150_000);
    }
    tree.close();
    filesystem.close();
    Random random = new Random(12);
    for (int cut = 0; cut < 12; cut++) {
      devices = new ArrayList<>(Judge.reopenable(devices));
      List<FaultyDevice> all = new ArrayList<>();
      int writes = random.nextInt(60);
      for (MemoryDevice device : devices) {
        all.add(new FaultyDevice(device, random.nextLong()).cutPowerAfter(writes));
      }
      List<BlockDevice> cutting = new ArrayList<>(all);
      try {
        filesystem = WritableFilesystem.open(cutting, SmallFilesystem.options(100 + cut));
        tree = new WritableTree(filesystem, _ -> {});
        files.keySet().forEach(this::read);
        promote();
        filesystem.sync();
        filesystem.abandon();
      } catch (DeviceException | LostDataException _) {
        // The power is gone.
      }
      all.forEach(FaultyDevice::cutPower);
      devices = new ArrayList<>(Judge.reopenable(devices));
      filesystem = WritableFilesystem.open(new ArrayList<>(devices), SmallFilesystem.options(cut));
      tree = new WritableTree(filesystem, _ -> {});
      soundBeforeAndAfterTheEnd();
    }
  }
}
