// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.alloc.FilesystemUsage;
import org.jbcachefs.engine.alloc.UsageReader;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Filled to the last block, emptied, filled again; half emptied everywhere, and filled again. */
class FullFilesystemTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final int ROUNDS = NIGHTLY ? 20 : 5;
  private static final NewInode FILE = NewInode.of(0x8000 | 0644, 0, 0);

  /** Sectors that metadata may take more than at first, since every bucket was used by now. */
  private static final long LEFT_MOST = 1000;

  /** Until there is nothing more to be done. */
  private static final int TICKS = 40;

  /** So many bytes are removed for there to be room for a snapshot. */
  private static final int SNAPSHOT_BYTES = 100_000;

  @TempDir Path spill;

  private final List<MemoryDevice> devices = new ArrayList<>();
  private final TreeMap<String, Long> files = new TreeMap<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private int names;

  private void create(int count, int compression, int replicas) {
    for (int i = 0; i < count; i++) {
      devices.add(new MemoryDevice("device" + i, 36L << 20));
    }
    Map<FilesystemOption, Long> options = new HashMap<>();
    options.put(FilesystemOption.COMPRESSION, (long) compression);
    options.put(FilesystemOption.DATA_REPLICAS, (long) replicas);
    options.put(FilesystemOption.ENCODED_EXTENT_MAX, 32L << 10);
    options.put(FilesystemOption.GC_RESERVE_PERCENT, 8L);
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(
                devices, 8 << 10, 512, 5, MetadataVersion.CURRENT.number(), options, null),
            Optional.empty(),
            SmallFilesystem.options(5));
    tree = new WritableTree(filesystem, _ -> {});
  }

  /** What a file holds, half of it compressible. */
  private static byte[] content(long seed, int bytes) {
    byte[] content = new byte[bytes];
    MemorySegment words = MemorySegment.ofArray(content);
    long word = seed * 0x9e3779b97f4a7c15L;
    for (int at = 0; at + Long.BYTES <= bytes; at += Long.BYTES) {
      word = word * 6364136223846793005L + 1442695040888963407L;
      Le.putU64(words, at, (at >>> 8 & 1) == 0 ? word : 0);
    }
    return content;
  }

  /** Writes files until nothing goes in any more; how many bytes went in. */
  private long fill(int bytes) {
    long filled = 0;
    try {
      while (true) {
        filled += write(bytes);
      }
    } catch (PosixException e) {
      assertEquals(PosixError.ENOSPC, e.error());
      return filled;
    }
  }

  private long write(int bytes) {
    String name = "file" + names++;
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), FILE).id();
    files.put(name, 0L);
    byte[] content = content(names - 1, bytes);
    long written = tree.write(file, 0, MemorySegment.ofArray(content));
    files.put(name, written);
    return written;
  }

  private void remove(String name) {
    tree.unlink(tree.root(), name.getBytes(UTF_8));
    files.remove(name);
  }

  private InodeId file(String name) {
    return tree.lookup(tree.root(), name.getBytes(UTF_8)).orElseThrow().id();
  }

  private void assertContents(int bytes) {
    files.forEach((name, length) -> {
      byte[] found = new byte[Math.toIntExact(length)];
      assertEquals(found.length, tree.read(file(name), 0, MemorySegment.ofArray(found)), name);
      byte[] content = content(Long.parseLong(name.substring(4)), bytes);
      int same = Arrays.mismatch(found, content);
      assertTrue(same < 0 || same >= found.length, () -> name + " differs at " + same);
    });
  }

  /** Where all is removed one leaf is left of each btree of contents, without whiteouts. */
  private void assertNothingIsLeft(String where) {
    for (BtreeId btree :
        List.of(BtreeId.EXTENTS, BtreeId.INODES, BtreeId.DIRENTS, BtreeId.XATTRS)) {
      assertTrue(count(btree, 0) <= 2, where + ": " + count(btree, 0) + " keys in " + btree);
      assertTrue(count(btree, 1) <= 1, where + ": " + count(btree, 1) + " leaves of " + btree);
    }
  }

  private int count(BtreeId btree, int level) {
    int count = 0;
    if (level <= filesystem.btrees().rootLevel(btree.number())) {
      try (KeyIterator keys =
          filesystem.btrees().iterate(btree.number(), level, Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          count++;
        }
      }
    }
    return count;
  }

  /** What df and fs usage say, but for how many buckets are empty and not free yet. */
  private record Figures(
      long free,
      long used,
      List<FilesystemUsage.Reserved> reserved,
      List<FilesystemUsage.Replicas> replicas,
      List<FilesystemUsage.Btree> btrees) {}

  /** All that is due is done first. */
  private Figures figures() {
    tree.syncAll();
    for (int i = 0; i < TICKS; i++) {
      filesystem.tick();
    }
    FilesystemUsage usage = UsageReader.read(filesystem.btrees(), filesystem.superblock());
    return new Figures(
        filesystem.budget().free(),
        usage.used(),
        usage.reserved(),
        usage.replicas(),
        usage.btrees());
  }

  /** Once every bucket was used, emptied is emptied. */
  private void assertReturns(List<Figures> figures, Figures now, String where) {
    figures.add(now);
    if (figures.size() > 2) {
      assertEquals(figures.get(1), now, where);
    }
  }

  private long freeBuckets() {
    return UsageReader.read(filesystem.btrees(), filesystem.superblock()).devices().stream()
        .mapToLong(device -> device.of(DataType.FREE).buckets())
        .sum();
  }

  private void finish() {
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill), "after it was closed");
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1", "1, 1, 1", "2, 0, 2"})
  void isFilledAndEmptiedAgainAndAgain(int count, int compression, int replicas) {
    create(count, compression, replicas);
    List<Figures> figures = new ArrayList<>();
    long first = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long filled = fill(200_000);
      first = round == 0 ? filled : first;
      long least = first / 100 * 97;
      assertTrue(filled >= least, "round " + round + ": " + filled + " of " + first);
      if (round == ROUNDS - 1) {
        assertContents(200_000);
        assertEquals(List.of(), Judge.findings(devices, spill), "full, round " + round);
      }
      List.copyOf(files.keySet()).forEach(this::remove);
      assertReturns(figures, figures(), "round " + round);
    }
    finish();
  }

  /** What is removed stays in the snapshot until that is gone, too. */
  @ParameterizedTest
  @CsvSource({"1, 0, 1, 200000", "1, 1, 1, 200000", "2, 0, 2, 200000", "1, 0, 1, 5000"})
  void isFilledAndEmptiedWithSnapshotsAgainAndAgain(
      int count, int compression, int replicas, int bytes) {
    create(count, compression, replicas);
    InodeId root = tree.root();
    byte[] name = "snapshot".getBytes(UTF_8);
    long free = filesystem.budget().free();
    List<Figures> figures = new ArrayList<>();
    long first = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String where = "round " + round;
      long filled = fill(bytes);
      first = round == 0 ? filled : first;
      long least = first / 100 * 97;
      assertTrue(filled >= least, where + ": " + filled + " of " + first);
      // A full filesystem may have no room for that.
      for (int removed = 0; removed < SNAPSHOT_BYTES; removed += bytes) {
        remove(files.firstKey());
      }
      tree.createSnapshot(root.subvolume(), root, name, true);
      List.copyOf(files.keySet()).forEach(this::remove);
      tree.deleteSubvolume(root, name);
      tree.cleanUp();
      Figures now = figures();
      assertNothingIsLeft(where);
      assertReturns(figures, now, where);
      long lost = free - now.free();
      assertTrue(lost <= LEFT_MOST * replicas, where + " left " + lost + " sectors used");
    }
    finish();
  }

  @Test
  void freeBucketsThatLieTogetherAreOneKey() {
    create(1, 0, 1);
    fill(200_000);
    List.copyOf(files.keySet()).forEach(this::remove);
    figures();
    long free = freeBuckets();
    int keys = count(BtreeId.FREESPACE, 0);
    assertTrue(free > 400 && keys < 50, keys + " keys for " + free + " buckets");
    finish();
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1", "1, 1, 1", "2, 0, 2"})
  void whatIsFreeHereAndThereIsPutTogether(int count, int compression, int replicas) {
    create(count, compression, replicas);
    long first = fill(20_000);
    for (int round = 0; round < ROUNDS; round++) {
      long removed = 0;
      int number = 0;
      for (String name : List.copyOf(files.keySet())) {
        if (number++ % 3 == round % 3) {
          removed += files.get(name);
          remove(name);
        }
      }
      long filled = fill(20_000);
      String where = "round " + round + ": " + filled + " of " + removed + ", at first " + first;
      assertTrue(filled >= removed / 10 * 8, where);
    }
    assertContents(20_000);
    finish();
  }

  @Test
  void cachedCopiesMakeRoom() {
    create(2, 0, 1);
    long first = fill(200_000);
    List.copyOf(files.keySet()).forEach(this::remove);
    tree.close();
    filesystem.close();
    List<MemoryDevice> media = Judge.reopenable(devices);
    devices.clear();
    devices.addAll(media);
    open(SmallFilesystem.options(5).withGiven(Map.of(FilesystemOption.DATA_REPLICAS, 2L)));
    for (long filled = 0; filled < first * 4 / 10; filled += 200_000) {
      write(200_000);
    }
    makeSecondCopiesCached();
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "cached");
    Judge.keep(devices, "cached");
    tree.close();
    filesystem.close();
    media = Judge.reopenable(devices);
    devices.clear();
    devices.addAll(media);
    open(SmallFilesystem.options(5));
    long before = files.values().stream().mapToLong(Long::longValue).sum();
    long filled = fill(200_000);
    assertTrue(before + filled > first / 100 * 95, before + " and " + filled + " of " + first);
    assertContents(200_000);
    tree.syncAll();
    Judge.keep(devices, "evicted");
    finish();
  }

  private void open(WriteOptions options) {
    filesystem = WritableFilesystem.open(new ArrayList<>(devices), options);
    tree = new WritableTree(filesystem, _ -> {});
  }

  private void makeSecondCopiesCached() {
    List<Bpos> places = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        places.add(keys.key().pos());
      }
    }
    for (Bpos place : places) {
      filesystem.transact(
          "test",
          transaction -> {
            Bkey key = new Bkey();
            assertTrue(transaction.lookup(BtreeId.EXTENTS, place, key));
            Bkey now = key.copy();
            ExtentEntries entries = new ExtentEntries().of(now, ExtentEntrySizes.KNOWN);
            boolean first = entries.nextPtr();
            if (first && entries.nextPtr()) {
              long word = ExtentPtr.CACHED.set(entries.word(), 1);
              Le.putU64(now.segment(), entries.entryOffset(), word);
              transaction.update(BtreeId.EXTENTS, now);
            }
            return null;
          });
    }
  }

  @Test
  void aFullFilesystemCanBeOverwritten() {
    create(1, 0, 1);
    fill(200_000);
    Random random = new Random(3);
    List<String> all = List.copyOf(files.keySet());
    byte[] block = new byte[512];
    for (int i = 0; i < 3_000; i++) {
      String name = all.get(random.nextInt(all.size()));
      long blocks = files.get(name) / block.length;
      if (blocks > 0) {
        int at = random.nextInt(Math.toIntExact(Math.min(blocks, 4))) * block.length;
        byte[] content = content(Long.parseLong(name.substring(4)), 200_000);
        MemorySegment data = MemorySegment.ofArray(content).asSlice(at, block.length);
        assertEquals(block.length, tree.write(file(name), at, data));
      }
    }
    assertContents(200_000);
    finish();
  }

  @Test
  void snapshotsKeepWhatTheyShow() {
    create(1, 0, 1);
    for (int round = 0; round < ROUNDS; round++) {
      fill(60_000);
      List<String> all = List.copyOf(files.keySet());
      for (int i = 0; i < all.size(); i += 2) {
        remove(all.get(i));
      }
      InodeId root = tree.root();
      byte[] name = ("snapshot" + round).getBytes(UTF_8);
      tree.createSnapshot(root.subvolume(), root, name, true);
      fill(60_000);
      assertContents(60_000);
      assertEquals(List.of(), Judge.findings(devices, spill), "round " + round);
      tree.deleteSubvolume(root, name);
      tree.cleanUp();
    }
    finish();
  }
}
