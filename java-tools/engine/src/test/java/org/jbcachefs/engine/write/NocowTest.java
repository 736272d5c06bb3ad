// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.Target;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files with nocow are overwritten where they lie, unless somebody else has a part in it; after a
 * power cut each sector is one that was written there, and what was synced is there.
 */
class NocowTest {
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);
  private static final int SEEDS = Boolean.getBoolean("jbcachefs.nightly") ? 400 : 4;
  private static final int CUTS = 20;
  private static final int OPERATIONS = 80;
  private static final int FILES = 4;
  private static final int SECTOR = 512;
  private static final int SECTORS = 400;

  /** No node and no journal entry here is as large. */
  private static final int DATA_BYTES = 32 << 10;

  private static final NewInode FILE = NewInode.of(0x8000 | 0644, 0, 0);

  @TempDir Path spill;

  private List<MemoryDevice> devices = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId file;
  private byte[] content;

  private void create(int count, Map<FilesystemOption, Long> options) {
    create(count, options, WriteRules.ALL);
  }

  private void create(int count, Map<FilesystemOption, Long> options, WriteRules rules) {
    for (int i = 0; i < count; i++) {
      devices.add(new MemoryDevice("device" + i, 68L << 20));
    }
    int version = MetadataVersion.CURRENT.number();
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(devices, 8 << 10, SECTOR, 3, version, options, null),
            Optional.empty(),
            SmallFilesystem.options(3, rules));
    tree = new WritableTree(filesystem, _ -> {});
    file = tree.create(tree.root(), name("file"), FILE).id();
    tree.setOption(file, InodeOption.NOCOW, OptionalLong.of(1));
    content = new byte[0];
    write(0, bytes(200_000, 1));
    tree.syncAll();
  }

  @AfterEach
  void soundBeforeAndAfterTheEnd() {
    if (filesystem == null) {
      return;
    }
    assertArrayEquals(content, read(tree, file));
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
    assertArrayEquals(content, FoundTree.read(devices).get("/file").content());
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] read(WritableTree tree, InodeId id) {
    byte[] there = new byte[(int) tree.attributes(id).size()];
    assertEquals(there.length, tree.read(id, 0, MemorySegment.ofArray(there)));
    return there;
  }

  private void write(int offset, byte[] data) {
    tree.write(file, offset, MemorySegment.ofArray(data));
    byte[] now = Arrays.copyOf(content, Math.max(content.length, offset + data.length));
    System.arraycopy(data, 0, now, offset, data.length);
    content = now;
  }

  /** Where the first copies of all extents are, and how long they are. */
  private List<String> places() {
    List<String> places = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          places.add(
              keys.key().pos()
                  + " "
                  + keys.key().size()
                  + " "
                  + entries.dev()
                  + " "
                  + entries.sector());
        }
      }
    }
    return places;
  }

  @Test
  void dataStaysWhereItIs() {
    create(2, Map.of(FilesystemOption.DATA_REPLICAS, 2L));
    List<String> before = places();
    write(512, bytes(4096, 2));
    write(777, bytes(60_000, 3));
    write(199_999, bytes(1, 4));
    assertEquals(before, places());
    tree.sync(file);
    assertArrayEquals(content, FoundTree.read(devices).get("/file").content(), "synced");
    write(199_000, bytes(50_000, 5));
    assertNotEquals(before, places(), "what is new has to have a place");
  }

  /** How many pointers lead to room that was never written. */
  private int unwritten() {
    int count = 0;
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          count += entries.unwritten() ? 1 : 0;
        }
      }
    }
    return count;
  }

  /** Sectors of the first device that data, or room for it, lies in. */
  private Set<Long> sectors() {
    Set<Long> sectors = new TreeSet<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          for (int i = 0; entries.dev() == 0 && i < keys.key().size(); i++) {
            sectors.add(entries.sector() + i);
          }
        }
      }
    }
    return sectors;
  }

  private void reserve(AllocateMode mode, int offset, int length) {
    tree.allocate(file, mode, offset, length);
    if (mode != AllocateMode.ALLOCATE_KEEP_SIZE) {
      content = Arrays.copyOf(content, Math.max(content.length, offset + length));
    }
  }

  @Test
  void roomIsWrittenIntoWhereItIs() {
    create(2, Map.of(FilesystemOption.DATA_REPLICAS, 2L));
    long before = filesystem.budget().free();
    reserve(AllocateMode.ALLOCATE, 200_000, 200_000);
    assertTrue(unwritten() > 0);
    assertTrue(filesystem.budget().free() <= before - 2 * 390, "it takes its room");
    assertArrayEquals(content, read(tree, file));
    Set<Long> sectors = sectors();
    write(250_000, bytes(1000, 2));
    write(300_000, bytes(50_000, 3));
    write(199_000, bytes(10_000, 4));
    assertArrayEquals(content, read(tree, file));
    assertEquals(sectors, sectors());
    assertTrue(unwritten() > 0);
    write(200_000, bytes(200_000, 5));
    assertEquals(0, unwritten());
    assertEquals(sectors, sectors());
    tree.sync(file);
    assertArrayEquals(content, FoundTree.read(devices).get("/file").content(), "synced");
  }

  @Test
  void roomBehindTheEndIsThereForLater() {
    create(1, Map.of());
    reserve(AllocateMode.ALLOCATE_KEEP_SIZE, 150_000, 100_000);
    assertEquals(List.of(), Judge.findings(devices, spill));
    Set<Long> sectors = sectors();
    write(200_000, bytes(40_000, 2));
    assertEquals(sectors, sectors());
    tree.allocate(file, AllocateMode.ZERO_RANGE, 0, 100_000);
    Arrays.fill(content, 0, 100_000, (byte) 0);
    assertTrue(unwritten() > 0);
    write(512, bytes(3000, 3));
    InodeId other = tree.create(tree.root(), name("other"), FILE).id();
    tree.clone(file, 0, other, 0, 102_400);
    assertArrayEquals(Arrays.copyOf(content, 102_400), read(tree, other));
  }

  @Test
  void roomThatIsMovedMeanwhileLosesNothing() throws InterruptedException {
    create(1, Map.of());
    reserve(AllocateMode.ALLOCATE, 200_000, 1_000_000);
    assertTrue(overwriteWhileMoving() > 0);
  }

  /** What makes the file larger than it is. */
  private interface Growth {
    void grow(WritableTree tree, InodeId file, InodeId other);
  }

  private static Growth allocating(AllocateMode mode, int offset) {
    return (grown, id, _) -> grown.allocate(id, mode, offset, 1000);
  }

  private static final Map<String, Growth> GROWTHS =
      Map.of(
          "truncate, less than a block more",
          (grown, id, _) -> grown.setAttributes(id, AttributeChange.NONE.withSize(200_100)),
          "truncate",
          (grown, id, _) -> grown.setAttributes(id, AttributeChange.NONE.withSize(300_000)),
          "write in the last block",
          (grown, id, _) -> grown.write(id, 200_150, MemorySegment.ofArray(new byte[10])),
          "write",
          (grown, id, _) -> grown.write(id, 250_001, MemorySegment.ofArray(bytes(1000, 7))),
          "write later",
          (grown, id, _) -> grown.writeLater(id, 250_001, MemorySegment.ofArray(bytes(1000, 7))),
          "write whole blocks",
          (grown, id, _) -> {
            try (Arena arena = Arena.ofConfined()) {
              grown.write(id, 256_000, arena.allocate(51_200));
            }
          },
          "allocate",
          allocating(AllocateMode.ALLOCATE, 300_000),
          "zero",
          allocating(AllocateMode.ZERO_RANGE, 200_080),
          "clone",
          (grown, id, other) -> grown.clone(other, 0, id, 204_800, 10_240));

  @Test
  void whatACrashLeftBehindTheEndIsNotSeenWhenTheFileGrows() {
    create(1, Map.of());
    InodeId other = tree.create(tree.root(), name("other"), FILE).id();
    tree.write(other, 0, MemorySegment.ofArray(bytes(10_240, 6)));
    tree.syncAll();
    byte[] synced = content;
    List<String> before = places();
    byte[] lost = bytes(100, 2);
    write(200_050, lost);
    assertEquals(before, places());
    // All data is there, and of the journal only what was synced.
    List<MemoryDevice> left = Judge.reopenable(devices);
    assertArrayEquals(synced, FoundTree.read(left).get("/file").content());
    assertArrayEquals(lost, Arrays.copyOfRange(lastBlock(left.getFirst()), 370, 470));
    GROWTHS.forEach((name, growth) -> {
      grows(name, Judge.reopenable(left), growth, true);
      grows(name + ", not in place", Judge.reopenable(left), growth, false);
    });
  }

  /** The file's last block, as it is stored. */
  private byte[] lastBlock(MemoryDevice device) {
    byte[] block = new byte[SECTOR];
    Bpos end = new Bpos(file.number(), 391, -1);
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), new Bpos(end.inode(), 391, 0), end)) {
      assertTrue(keys.next());
      ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
      assertTrue(entries.nextPtr());
      long last = entries.sector() + keys.key().size() - 1;
      device.read(last * SECTOR, MemorySegment.ofArray(block));
    }
    return block;
  }

  private void grows(String name, List<MemoryDevice> left, Growth growth, boolean inPlace) {
    WritableFilesystem opened =
        WritableFilesystem.open(new ArrayList<>(left), SmallFilesystem.options(4));
    WritableTree grown = new WritableTree(opened, _ -> {});
    InodeId id = grown.lookup(grown.root(), name("file")).orElseThrow().id();
    InodeId other = grown.lookup(grown.root(), name("other")).orElseThrow().id();
    if (!inPlace) {
      grown.setOption(id, InodeOption.NOCOW, OptionalLong.of(0));
    }
    growth.grow(grown, id, other);
    byte[] found = read(grown, id);
    int end = Math.min(found.length, 200_192);
    assertTrue(end > 200_000, name);
    byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 200_000), end);
    assertArrayEquals(expected, Arrays.copyOf(found, end), name);
    grown.sync(id);
    List<MemoryDevice> cut = Judge.reopenable(left);
    assertArrayEquals(found, FoundTree.read(cut).get("/file").content(), name);
    grown.close();
    opened.close();
    assertEquals(List.of(), Judge.findings(left, spill), name);
    assertArrayEquals(found, FoundTree.read(left).get("/file").content(), name);
  }

  @Test
  void whatOthersShareIsWrittenElsewhere() {
    create(1, Map.of());
    InodeId other = tree.create(tree.root(), name("other"), FILE).id();
    byte[] first = content.clone();
    tree.clone(file, 0, other, 0, 102_400);
    write(0, bytes(10_000, 2));
    assertArrayEquals(Arrays.copyOf(first, 102_400), read(tree, other));
    byte[] kept = content.clone();
    InodeId snapshot =
        tree.createSnapshot(tree.root().subvolume(), tree.root(), name("snap"), true).id();
    write(5000, bytes(100_000, 3));
    InodeId there = tree.lookup(snapshot, name("file")).orElseThrow().id();
    assertArrayEquals(kept, read(tree, there));
    List<String> before = places();
    write(5000, bytes(90_000, 4));
    assertEquals(before, places(), "its own again");
    tree.deleteSubvolume(tree.root(), name("snap"));
    tree.cleanUp(() -> true);
    before = places();
    write(0, bytes(100_000, 5));
    assertEquals(0, before.stream().filter(place -> !places().contains(place)).count());
  }

  @Test
  void whatIsEncodedIsWrittenElsewhereOnce() {
    create(1, Map.of(FilesystemOption.COMPRESSION, 1L));
    InodeId late = tree.create(tree.root(), name("late"), FILE).id();
    tree.write(late, 0, MemorySegment.ofArray(new byte[50_000]));
    tree.setOption(late, InodeOption.NOCOW, OptionalLong.of(1));
    tree.write(late, 4096, MemorySegment.ofArray(bytes(8192, 1)));
    List<String> before = places();
    tree.write(late, 4096, MemorySegment.ofArray(bytes(8192, 2)));
    assertEquals(before, places());
    byte[] expected = new byte[50_000];
    System.arraycopy(bytes(8192, 2), 0, expected, 4096, 8192);
    assertArrayEquals(expected, read(tree, late));
  }

  @Test
  void whatIsOverwrittenWhileItIsMovedIsNotReplacedByWhatItWas() {
    overwriteInTheMiddleOfAMove(WriteRules.ALL);
    assertArrayEquals(content, read(tree, file));
  }

  @Test
  void aMoveThatDoesNotAskIsNoticed() {
    overwriteInTheMiddleOfAMove(WriteRules.breaking(WriteRule.IN_PLACE_MARKS));
    byte[] found = read(tree, file);
    assertTrue(Arrays.mismatch(content, found) >= 0);
    content = found;
  }

  /** Data goes from the first device to the second, and is overwritten when it gets there. */
  private void overwriteInTheMiddleOfAMove(WriteRules rules) {
    long first = new Target(Target.Kind.DEVICE, 0).number();
    long second = new Target(Target.Kind.DEVICE, 1).number();
    create(2, Map.of(FilesystemOption.FOREGROUND_TARGET, first));
    tree.close();
    filesystem.close();
    devices = Judge.reopenable(devices);
    Runnable[] then = {() -> {}};
    List<BlockDevice> hooked = List.of(devices.get(0), whenWritten(devices.get(1), then));
    filesystem = WritableFilesystem.open(hooked, SmallFilesystem.options(3, rules));
    tree = new WritableTree(filesystem, _ -> {});
    tree.setOption(file, InodeOption.BACKGROUND_TARGET, OptionalLong.of(second));
    tree.syncAll();
    then[0] =
        () -> {
          then[0] = () -> {};
          write(0, bytes(content.length, 9));
        };
    filesystem.reconcile(() -> true);
  }

  /** The same device, but something is done before data is written to it. */
  private static BlockDevice whenWritten(BlockDevice device, Runnable[] then) {
    return (BlockDevice)
        Proxy.newProxyInstance(
            BlockDevice.class.getClassLoader(),
            new Class<?>[] {BlockDevice.class},
            (_, method, arguments) -> {
              boolean data =
                  method.getName().equals("write")
                      && ((MemorySegment) arguments[1]).byteSize() > DATA_BYTES;
              if (data) {
                then[0].run();
              }
              return method.invoke(device, arguments);
            });
  }

  @Test
  void aFileThatIsMovedMeanwhileLosesNothing() throws InterruptedException {
    create(1, Map.of());
    assertTrue(overwriteWhileMoving() > 0);
  }

  /** Overwrites again and again while everything is emptied; how often that was. */
  private int overwriteWhileMoving() throws InterruptedException {
    Random random = new Random(5);
    for (int i = 0; i < 20; i++) {
      InodeId hole = tree.create(tree.root(), name("hole" + i), FILE).id();
      tree.write(hole, 0, MemorySegment.ofArray(bytes(30_000, i)));
      write(content.length, bytes(30_000, i));
      tree.unlink(tree.root(), name("hole" + i));
    }
    tree.syncAll();
    Thread mover =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < 40; i++) {
                filesystem.compact();
                filesystem.askForScan();
                filesystem.reconcile(() -> true);
              }
            });
    int count = 0;
    while (mover.isAlive() || count < 50) {
      write(random.nextInt(content.length - 5000), bytes(1 + random.nextInt(5000), count));
      count++;
    }
    mover.join();
    return count;
  }

  /** What a sector of a file says: which file and sector it is, and how often it was written. */
  private static byte[] sector(int number, int at, int version) {
    byte[] sector = bytes(SECTOR, number * 1_000_003 + at * 31 + version);
    sector[0] = (byte) number;
    sector[1] = (byte) at;
    sector[2] = (byte) (at >> 8);
    sector[3] = (byte) version;
    sector[4] = (byte) (version >> 8);
    return sector;
  }

  /** How often the sectors of a file were written, now and when that was durable. */
  private static final class Sectors {
    private final int[] versions = new int[SECTORS];
    private final List<int[]> synced = new ArrayList<>(List.of(new int[SECTORS]));
    private final List<Integer> moments = new ArrayList<>(List.of(0));

    private void sync(int moment) {
      synced.add(versions.clone());
      moments.add(moment);
    }

    private int[] durable(int moment) {
      int[] found = synced.getFirst();
      for (int i = 0; i < moments.size() && moments.get(i) <= moment; i++) {
        found = synced.get(i);
      }
      return found;
    }
  }

  @Test
  void powerCutsLeaveWhatWasSyncedAndWhatWasWrittenThere() {
    for (long seed = SEED_BASE; seed < SEED_BASE + SEEDS; seed++) {
      cut(seed, WriteRules.ALL);
    }
  }

  @Test
  void aSyncThatFlushesNothingIsNoticed() {
    WriteRules broken = WriteRules.breaking(WriteRule.PREFLUSH);
    assertThrows(
        AssertionError.class,
        () -> {
          for (long seed = 0; seed < 20; seed++) {
            cut(seed, broken);
          }
        });
  }

  private void cut(long seed, WriteRules rules) {
    Random random = new Random(seed);
    List<MemoryDevice> media = new ArrayList<>();
    int count = 1 + random.nextInt(2);
    for (int i = 0; i < count; i++) {
      media.add(new MemoryDevice("device" + i, 68L << 20));
    }
    Map<FilesystemOption, Long> options = new HashMap<>();
    options.put(FilesystemOption.DATA_REPLICAS, 1L + random.nextInt(count));
    options.put(FilesystemOption.NOCOW, 1L);
    int version = MetadataVersion.CURRENT.number();
    FilesystemFormat.create(
            SmallFilesystem.format(media, 8 << 10, SECTOR, seed, version, options, null),
            Optional.empty(),
            SmallFilesystem.options(seed))
        .close();
    media = Judge.reopenable(media);
    WriteLog log = new WriteLog(media);
    Sectors[] files = new Sectors[FILES];
    work(log, random, rules, files);
    new PowerCuts(seed, random, spill)
        .run(log, CUTS, "", (left, moment, where) -> hold(left, files, moment, where));
  }

  private static void hold(List<MemoryDevice> left, Sectors[] files, int moment, String where) {
    SortedMap<String, FoundFile> found = FoundTree.read(left);
    for (int number = 0; number < FILES; number++) {
      FoundFile there = found.get("/file" + number);
      int[] durable = files[number].durable(moment);
      byte[] bytes = there == null ? new byte[0] : there.content();
      for (int at = 0; at < SECTORS; at++) {
        int start = at * SECTOR;
        String what = where + ": file " + number + ", sector " + at;
        int end = Math.min(bytes.length, start + SECTOR);
        byte[] sector = end <= start ? new byte[0] : Arrays.copyOfRange(bytes, start, end);
        boolean never = sector.length == 0 || Arrays.equals(sector, new byte[SECTOR]);
        if (never) {
          assertEquals(0, durable[at], what + " was synced");
          continue;
        }
        int version = (sector[3] & 0xff) | (sector[4] & 0xff) << 8;
        assertArrayEquals(sector(number, at, version), sector, what);
        assertTrue(version >= durable[at], what + " is older than what was synced");
        assertTrue(version <= files[number].versions[at], what);
      }
    }
  }

  private static void work(WriteLog log, Random random, WriteRules rules, Sectors[] files) {
    WritableFilesystem watched =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(random.nextLong(), rules));
    WritableTree changed = new WritableTree(watched, _ -> {});
    InodeId[] ids = new InodeId[FILES];
    for (int number = 0; number < FILES; number++) {
      ids[number] = changed.create(changed.root(), name("file" + number), FILE).id();
      files[number] = new Sectors();
    }
    for (int i = 0; i < OPERATIONS; i++) {
      int number = random.nextInt(FILES);
      switch (random.nextInt(12)) {
        case 0, 1 -> {
          changed.sync(ids[number]);
          files[number].sync(log.size());
        }
        case 2 -> watched.tick();
        case 3 -> watched.compact();
        case 4 -> changed.writeDelayed(1);
        case 5 -> reserve(changed, ids[number], random);
        default -> write(changed, ids[number], random, number, files[number]);
      }
    }
    changed.close();
    watched.close();
    for (Sectors each : files) {
      each.sync(log.size());
    }
  }

  private static void reserve(WritableTree changed, InodeId id, Random random) {
    int at = random.nextInt(SECTORS);
    int sectors = 1 + random.nextInt(SECTORS - at);
    AllocateMode mode =
        random.nextBoolean() ? AllocateMode.ALLOCATE : AllocateMode.ALLOCATE_KEEP_SIZE;
    changed.allocate(id, mode, (long) at * SECTOR, (long) sectors * SECTOR);
  }

  private static void write(
      WritableTree changed, InodeId id, Random random, int number, Sectors file) {
    int at = random.nextInt(SECTORS);
    int sectors = 1 + random.nextInt(Math.min(SECTORS - at, random.nextInt(4) == 0 ? 200 : 20));
    byte[] data = new byte[sectors * SECTOR];
    for (int i = 0; i < sectors; i++) {
      file.versions[at + i]++;
      byte[] sector = sector(number, at + i, file.versions[at + i]);
      System.arraycopy(sector, 0, data, i * SECTOR, SECTOR);
    }
    long offset = (long) at * SECTOR;
    if (random.nextInt(3) == 0) {
      assertEquals(data.length, changed.writeLater(id, offset, MemorySegment.ofArray(data)));
    } else {
      changed.write(id, offset, MemorySegment.ofArray(data));
    }
  }
}
