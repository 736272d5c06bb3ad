// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.RenameMode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is written to files later than it was handed over: everybody sees it at once, syncs and all
 * that depends on it write it first, and power cuts leave nothing that never was.
 */
class DelayedWritesTest {
  private static final NewInode FILE = NewInode.of(0x8000 | 0644, 1000, 1000);
  private static final NewInode DIRECTORY = NewInode.of(0x4000 | 0755, 1000, 1000);
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);
  private static final int SEEDS = Boolean.getBoolean("jbcachefs.nightly") ? 500 : 12;
  private static final int CUTS = 20;
  private static final int OPERATIONS = 60;
  private static final int FILES = 6;

  @TempDir Path spill;

  private List<MemoryDevice> devices;
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId file;

  @BeforeEach
  void create() {
    devices = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    filesystem = SmallFilesystem.create(devices, 8 << 10, SmallFilesystem.options(7));
    tree = new WritableTree(filesystem, _ -> {});
    file = tree.create(tree.root(), name("file"), FILE).id();
  }

  @AfterEach
  void closeAndCheck() {
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private void later(InodeId id, long offset, byte[] data) {
    assertEquals(data.length, later(tree, id, offset, data));
  }

  /** From native memory, as requests come, and from the heap. */
  private static long later(WritableTree tree, InodeId id, long offset, byte[] data) {
    if (offset % 1024 == 0) {
      return tree.writeLater(id, offset, MemorySegment.ofArray(data));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment there = arena.allocate(data.length, 8);
      return tree.writeLater(id, offset, there.copyFrom(MemorySegment.ofArray(data)));
    }
  }

  private byte[] read(InodeId id) {
    byte[] there = new byte[(int) tree.attributes(id).size()];
    assertEquals(there.length, tree.read(id, 0, MemorySegment.ofArray(there)));
    return there;
  }

  /** What a crash would leave of the file, or null if it would not be there. */
  private byte[] onDevices(String path) {
    FoundFile found = FoundTree.read(devices).get(path);
    return found == null ? null : found.content();
  }

  @Test
  void everybodySeesItAndTheDevicesDoNot() {
    tree.syncAll();
    later(file, 0, bytes(10_000, 1));
    assertEquals(10_000, tree.attributes(file).size());
    assertEquals(20, tree.attributes(file).sectors());
    filesystem.sync();
    assertArrayEquals(new byte[0], onDevices("/file"));
    assertArrayEquals(bytes(10_000, 1), read(file));
    tree.sync(file);
    assertArrayEquals(bytes(10_000, 1), onDevices("/file"));
  }

  @Test
  void piecesAreOneBehindTheOtherAndOverEachOther() {
    byte[] expected = new byte[40_000];
    int seed = 0;
    for (int[] piece :
        new int[][] {
          {0, 5000}, {5000, 5000}, {20_000, 1000}, {2000, 700}, {18_000, 22_000}, {9000, 11_500}
        }) {
      byte[] data = bytes(piece[1], seed++);
      later(file, piece[0], data);
      System.arraycopy(data, 0, expected, piece[0], piece[1]);
    }
    assertEquals(40_000, tree.attributes(file).size());
    assertArrayEquals(expected, read(file));
  }

  @Test
  void manyFilesAreWrittenSideBySide() {
    tree.writeDelayedAtATime(4);
    List<InodeId> files = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      files.add(tree.create(tree.root(), name("many" + i), FILE).id());
      later(files.get(i), 0, bytes(1 + 331 * i, i));
    }
    tree.writeDelayed(0);
    for (int i = 0; i < files.size(); i++) {
      assertArrayEquals(bytes(1 + 331 * i, i), read(files.get(i)));
    }
    tree.syncAll();
  }

  @Test
  @Timeout(60)
  void aSnapshotWaitsForNobodyWhoWaitsForIt() throws Exception {
    tree.writeDelayedAtATime(4);
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      List<InodeId> files = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        files.add(tree.create(tree.root(), name("many" + i), FILE).id());
      }
      for (int round = 0; round < 5; round++) {
        int seed = round;
        for (InodeId id : files) {
          later(id, 0, bytes(100, seed));
        }
        Future<?> writer =
            other.submit(() -> {
              for (int i = 0; i < 400; i++) {
                later(files.get(i % files.size()), 0, bytes(500 + i % files.size(), seed));
              }
            });
        tree.createSnapshot(tree.root().subvolume(), tree.root(), name("then" + round), true);
        writer.get();
        tree.writeDelayed(0);
      }
      for (int i = 0; i < files.size(); i++) {
        assertArrayEquals(bytes(500 + i, 4), read(files.get(i)));
      }
    }
  }

  @Test
  void timesAreThoseOfTheWriteOrThoseThatWereSetAfterIt() {
    later(file, 0, bytes(100, 1));
    long written = tree.attributes(file).mtime();
    tree.setAttributes(file, AttributeChange.NONE.withMtime(123_000_000_000L));
    assertEquals(123_000_000_000L, tree.attributes(file).mtime());
    tree.sync(file);
    assertEquals(123_000_000_000L, tree.attributes(file).mtime());
    later(file, 100, bytes(100, 2));
    assertTrue(tree.attributes(file).mtime() >= written);
  }

  @Test
  void timesOfAFileWithoutANameStayIfItGetsOneAndGoWithItElse() {
    AttributeChange change = AttributeChange.NONE.withMtime(123_000_000_000L);
    InodeId named = tree.createTemporary(tree.root(), FILE).id();
    tree.setAttributes(named, change);
    assertEquals(123_000_000_000L, tree.attributes(named).mtime());
    tree.link(named, tree.root(), name("named"));
    tree.sync(named);
    assertEquals(123_000_000_000L, tree.attributes(named).mtime());
    assertTrue(filesystem.btrees().lookup(BtreeId.INODES.number(), position(named), new Bkey()));
    InodeId nameless = tree.createTemporary(tree.root(), FILE).id();
    tree.setAttributes(nameless, change);
    tree.release(List.of(nameless));
    tree.syncAll();
    assertFalse(
        filesystem.btrees().lookup(BtreeId.INODES.number(), position(nameless), new Bkey()));
  }

  private static Bpos position(InodeId id) {
    return new Bpos(0, id.number(), -1);
  }

  @Test
  void itIsWrittenAfterSoManyRounds() {
    tree.syncAll();
    later(file, 0, bytes(3000, 1));
    tree.writeDelayed(2);
    filesystem.sync();
    assertArrayEquals(new byte[0], onDevices("/file"));
    tree.writeDelayed(2);
    filesystem.sync();
    assertArrayEquals(bytes(3000, 1), onDevices("/file"));
  }

  @Test
  void snapshotsHaveIt() {
    tree.createSubvolume(tree.root(), name("sub"), DIRECTORY);
    InodeId sub = tree.lookup(tree.root(), name("sub")).orElseThrow().id();
    InodeId inside = tree.create(sub, name("inside"), FILE).id();
    later(inside, 0, bytes(5000, 3));
    InodeId copy = tree.createSnapshot(sub.subvolume(), tree.root(), name("snap"), true).id();
    later(inside, 0, bytes(5000, 4));
    InodeId copied = tree.lookup(copy, name("inside")).orElseThrow().id();
    assertArrayEquals(bytes(5000, 3), read(copied));
    assertArrayEquals(bytes(5000, 4), read(inside));
    assertEquals(
        PosixError.EROFS,
        assertThrows(PosixException.class, () -> later(copied, 0, bytes(10, 1))).error());
  }

  @Test
  void aFileThatIsReplacedIsTheOldOneOrTheNewOne() {
    later(file, 0, bytes(5000, 1));
    tree.syncAll();
    InodeId temporary = tree.create(tree.root(), name("new"), FILE).id();
    later(temporary, 0, bytes(7000, 2));
    tree.rename(tree.root(), name("new"), tree.root(), name("file"), RenameMode.REPLACE);
    filesystem.sync();
    assertArrayEquals(bytes(7000, 2), onDevices("/file"));
  }

  @Test
  void whatDependsOnContentsComesAfterThem() {
    later(file, 0, bytes(20_000, 1));
    tree.allocate(file, AllocateMode.PUNCH_HOLE, 4096, 4096);
    byte[] expected = bytes(20_000, 1);
    Arrays.fill(expected, 4096, 8192, (byte) 0);
    assertArrayEquals(expected, read(file));
    later(file, 0, bytes(4096, 2));
    tree.setAttributes(file, AttributeChange.NONE.withSize(2000));
    assertArrayEquals(Arrays.copyOf(bytes(4096, 2), 2000), read(file));
    later(file, 2000, bytes(50, 3));
    tree.setAttributes(file, AttributeChange.NONE.withSize(0));
    assertEquals(0, tree.attributes(file).size());
    later(file, 8192, bytes(8192, 4));
    InodeId other = tree.create(tree.root(), name("other"), FILE).id();
    later(other, 0, bytes(100, 5));
    tree.clone(file, 8192, other, 0, 8192);
    assertArrayEquals(bytes(8192, 4), read(other));
    later(file, 0, bytes(100, 6));
    assertEquals(0, tree.nextData(file, 0));
    int immutable = 0x10;
    later(file, 0, bytes(200, 7));
    tree.setAttributes(file, AttributeChange.NONE.withFlags(immutable));
    tree.syncAll();
    assertArrayEquals(bytes(200, 7), Arrays.copyOf(onDevices("/file"), 200));
    tree.setAttributes(file, AttributeChange.NONE.withFlags(0));
  }

  @Test
  void whatIsRemovedIsNeverWritten() {
    tree.syncAll();
    long free = filesystem.budget().free();
    later(file, 0, bytes(100_000, 1));
    assertTrue(filesystem.budget().free() < free);
    tree.unlink(tree.root(), name("file"));
    assertTrue(filesystem.budget().free() >= free);
    file = tree.create(tree.root(), name("file"), FILE).id();
  }

  @Test
  void roomIsPromisedWhenItIsHandedOver() {
    byte[] piece = bytes(200_000, 1);
    long offset = 0;
    long last = 0;
    PosixException full = null;
    while (full == null) {
      try {
        last = offset;
        offset += later(tree, file, offset, piece);
      } catch (PosixException e) {
        full = e;
      }
    }
    assertEquals(PosixError.ENOSPC, full.error());
    long size = tree.attributes(file).size();
    assertTrue(size > 40 << 20, "only " + size + " bytes");
    tree.syncAll();
    assertEquals(size, tree.attributes(file).size());
    assertEquals(size, offset);
    byte[] there = new byte[200_000];
    tree.read(file, last - last % piece.length - piece.length, MemorySegment.ofArray(there));
    assertArrayEquals(piece, there);
  }

  /** Of a file in the simulation: every content that it had since the one that was synced. */
  private static final class Versions {
    private final List<byte[]> contents = new ArrayList<>();
    private final List<Integer> moments = new ArrayList<>();
    private final List<Integer> synced = new ArrayList<>();
    private final List<Integer> syncedMoments = new ArrayList<>();

    private byte[] last() {
      return contents.isEmpty() ? new byte[0] : contents.getLast();
    }

    private void add(byte[] content, int moment) {
      contents.add(content);
      moments.add(moment);
    }

    private void sync(int moment) {
      synced.add(contents.size() - 1);
      syncedMoments.add(moment);
    }

    /** Those that a crash at that moment may have left something of. */
    private List<byte[]> possible(int moment) {
      int first = 0;
      for (int i = 0; i < synced.size() && syncedMoments.get(i) <= moment; i++) {
        first = synced.get(i);
      }
      int last = first;
      while (last + 1 < contents.size() && moments.get(last) <= moment) {
        last++;
      }
      return contents.subList(first, last + 1);
    }

    /** Whether the size is one that it had, and each byte one that was there. */
    private boolean mayBe(byte[] found, int moment) {
      List<byte[]> possible = possible(moment);
      boolean sized = possible.stream().anyMatch(content -> content.length == found.length);
      for (int i = 0; sized && i < found.length; i++) {
        int at = i;
        sized =
            possible.stream()
                .anyMatch(content -> (at < content.length ? content[at] : 0) == found[at]);
      }
      return sized;
    }
  }

  @Test
  void powerCutsLeaveWhatWasSyncedAndNothingThatNeverWas() {
    int cuts = 0;
    for (long seed = SEED_BASE; seed < SEED_BASE + SEEDS; seed++) {
      cuts += cut(seed, WriteRules.ALL);
    }
    System.out.printf(
        "delayed writes: %d power cuts, seeds %d to %d%n", cuts, SEED_BASE, SEED_BASE + SEEDS - 1);
  }

  @Test
  void aSyncThatForgetsThemIsNoticed() {
    WriteRules broken = WriteRules.breaking(WriteRule.DELAYED_WRITES);
    assertThrows(
        AssertionError.class,
        () -> {
          for (long seed = 0; seed < 20; seed++) {
            cut(seed, broken);
          }
        });
  }

  private int cut(long seed, WriteRules rules) {
    Random random = new Random(seed);
    SimulatedKind kind = SimulatedKind.of(seed);
    List<MemoryDevice> media = kind.devices();
    kind.create(media, seed).close();
    media = Judge.reopenable(media);
    WriteLog log = new WriteLog(media);
    Map<String, Versions> versions = new HashMap<>();
    work(log, random, rules, versions);
    new PowerCuts(seed, random, spill)
        .run(log, CUTS, ", " + kind, (left, moment, where) -> hold(left, versions, moment, where));
    return CUTS;
  }

  private static void hold(
      List<MemoryDevice> left, Map<String, Versions> versions, int moment, String where) {
    SortedMap<String, FoundFile> found = FoundTree.read(left);
    versions.forEach((name, each) -> {
      FoundFile file = found.get("/" + name);
      if (file == null) {
        assertTrue(each.synced.isEmpty() || each.syncedMoments.getFirst() > moment, where + name);
      } else {
        assertTrue(each.mayBe(file.content(), moment), where + ": " + name);
      }
    });
  }

  private static void work(
      WriteLog log, Random random, WriteRules rules, Map<String, Versions> versions) {
    WritableFilesystem watched =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(random.nextLong(), rules));
    WritableTree changed = new WritableTree(watched, _ -> {});
    for (int i = 0; i < OPERATIONS; i++) {
      String name = "file" + random.nextInt(FILES);
      Versions each = versions.computeIfAbsent(name, _ -> new Versions());
      InodeId id =
          changed
              .lookup(changed.root(), name(name))
              .orElseGet(() -> changed.create(changed.root(), name(name), FILE))
              .id();
      if (each.contents.isEmpty()) {
        each.add(new byte[0], log.size());
      }
      operation(changed, watched, random, id, each, log);
    }
    changed.close();
    watched.close();
    versions.values().forEach(each -> each.sync(log.size()));
  }

  private static void operation(
      WritableTree changed,
      WritableFilesystem watched,
      Random random,
      InodeId id,
      Versions each,
      WriteLog log) {
    byte[] before = each.last();
    switch (random.nextInt(12)) {
      case 0, 1 -> {
        changed.sync(id);
        each.sync(log.size());
      }
      case 2 -> changed.writeDelayed(1);
      case 3 -> watched.tick();
      case 4 -> {
        int size = random.nextInt(before.length + 1);
        changed.setAttributes(id, AttributeChange.NONE.withSize(size));
        each.add(Arrays.copyOf(before, size), log.size());
      }
      case 5 -> {
        byte[] there = new byte[before.length];
        changed.read(id, 0, MemorySegment.ofArray(there));
        assertArrayEquals(before, there);
      }
      case 6 -> changed.setAttributes(id, AttributeChange.NONE.withMtime(random.nextInt()));
      default -> {
        int offset = random.nextInt(Math.min(before.length, 200_000) + 3000);
        byte[] data = new byte[1 + random.nextInt(random.nextInt(4) == 0 ? 90_000 : 6000)];
        random.nextBytes(data);
        assertEquals(data.length, later(changed, id, offset, data));
        byte[] after = Arrays.copyOf(before, Math.max(before.length, offset + data.length));
        System.arraycopy(data, 0, after, offset, data.length);
        each.add(after, log.size());
      }
    }
    Attributes shown = changed.attributes(id);
    assertEquals(each.last().length, shown.size());
    assertFalse(shown.isDirectory());
  }
}
