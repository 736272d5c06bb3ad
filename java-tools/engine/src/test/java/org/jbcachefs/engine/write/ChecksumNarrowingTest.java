// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import java.util.Random;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of extents get checksums of their own once they were read. */
class ChecksumNarrowingTest {
  private static final int BLOCK = 4096;
  private static final int FILE = 480 << 10;
  private static final long LZ4 = 1;

  @TempDir Path spill;

  private final Map<InodeId, byte[]> files = new LinkedHashMap<>();
  private final List<MemoryDevice> devices = new ArrayList<>();
  private final List<FaultyDevice> faulty = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private int wanted;

  private void create(Map<FilesystemOption, Long> more, int members, byte[] key) {
    for (int i = 0; i < members; i++) {
      devices.add(new MemoryDevice("device " + i, 80L << 20));
      faulty.add(new FaultyDevice(devices.get(i), i));
    }
    Map<FilesystemOption, Long> options = new HashMap<>(more);
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(
                faulty, 16 << 10, BLOCK, 3, MetadataVersion.CURRENT.number(), options, key),
            Optional.ofNullable(key).map(FilesystemKey::new),
            SmallFilesystem.options(3, WriteRules.ALL));
    filesystem.whenPartiallyRead(() -> wanted++);
    tree = new WritableTree(filesystem, _ -> {});
  }

  private InodeId write(String name) {
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    byte[] data = random(new Random(name.hashCode()), FILE);
    tree.write(file, 0, MemorySegment.ofArray(data));
    files.put(file, data);
    return file;
  }

  private static byte[] random(Random random, int bytes) {
    byte[] data = new byte[bytes];
    random.nextBytes(data);
    return data;
  }

  /** Every second block on average is another one now. */
  private void overwriteBlocks(InodeId file, long seed) {
    Random random = new Random(seed);
    byte[] data = files.get(file);
    for (int at = 0; at < FILE; at += BLOCK) {
      if (random.nextInt(3) == 0) {
        byte[] block = random(random, BLOCK);
        tree.write(file, at, MemorySegment.ofArray(block));
        System.arraycopy(block, 0, data, at, BLOCK);
      }
    }
    tree.syncAll();
  }

  private void read(InodeId file) {
    byte[] data = files.get(file);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BLOCK);
      for (int at = 0; at < FILE; at += BLOCK) {
        assertEquals(BLOCK, tree.read(file, at, buffer));
        byte[] expected = Arrays.copyOfRange(data, at, at + BLOCK);
        assertArrayEquals(expected, buffer.toArray(ValueLayout.JAVA_BYTE), "byte " + at);
      }
    }
  }

  private int readAndNarrow(InodeId file) {
    int narrowed = 0;
    int more = -1;
    while (more != 0) {
      read(file);
      more = filesystem.narrowChecksums(() -> true);
      narrowed += more;
    }
    return narrowed;
  }

  /** Sectors that are read though no key needs them, of the worst key and of all. */
  private long[] inVain(BtreeId btree) {
    long worst = 0;
    long sum = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          long vain = (long) entries.crc().uncompressedSectors() - keys.key().size();
          worst = Math.max(worst, vain);
          sum += vain;
        }
      }
    }
    return new long[] {worst, sum};
  }

  private void soundBeforeAndAfterTheEnd() {
    files.keySet().forEach(this::read);
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill), "while it is open");
    tree.close();
    filesystem.close();
    Judge.keep(devices, "narrowed");
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  /** none is 0; crc32c, crc64, xxhash. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void partsOfExtentsThatWereReadHaveChecksumsOfTheirOwn(long checksum) {
    create(
        Map.of(FilesystemOption.DATA_CHECKSUM, checksum, FilesystemOption.DATA_REPLICAS, 2L),
        2,
        null);
    InodeId file = write("file");
    overwriteBlocks(file, checksum);
    long[] before = inVain(BtreeId.EXTENTS);
    long free = filesystem.budget().free();
    assertTrue(before[0] >= 64, "up to " + before[0] + " sectors are read in vain");
    int narrowed = readAndNarrow(file);
    assertTrue(wanted > 0 && narrowed > 20, narrowed + " parts");
    long[] after = inVain(BtreeId.EXTENTS);
    assertTrue(after[0] < 32 && after[1] * 4 < before[1], after[0] + ", " + after[1]);
    assertEquals(free, filesystem.budget().free(), "nothing takes more room");
    overwriteBlocks(file, 10 + checksum);
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void whatIsSharedIsReadInItsPartsByAllWhoShareIt() {
    create(Map.of(), 1, null);
    InodeId file = write("file");
    InodeId part = tree.create(tree.root(), "part".getBytes(UTF_8), NewInode.of(0x81a4, 0, 0)).id();
    overwriteBlocks(file, 5);
    tree.clone(file, 0, part, 0, FILE);
    files.put(part, files.get(file).clone());
    int narrowed = readAndNarrow(part);
    assertTrue(narrowed > 20, narrowed + " parts");
    assertTrue(inVain(BtreeId.REFLINK)[0] < 32);
    overwriteBlocks(file, 6);
    soundBeforeAndAfterTheEnd();
  }

  @Test
  void whatASnapshotKeepsStaysReadable() {
    create(Map.of(), 1, null);
    InodeId file = write("file");
    byte[] first = files.get(file).clone();
    InodeId kept = tree.createSnapshot(1, tree.root(), "kept".getBytes(UTF_8), true).id();
    overwriteBlocks(file, 7);
    int narrowed = readAndNarrow(file);
    assertTrue(narrowed > 20, narrowed + " parts");
    files.put(new InodeId(kept.subvolume(), file.number()), first);
    soundBeforeAndAfterTheEnd();
  }

  /** They are read as a whole in any case, or their checksums need a key: they stay as they are. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsCompressedOrEncryptedStays(boolean compressed) {
    byte[] key = random(new Random(1), 32);
    create(
        compressed ? Map.of(FilesystemOption.COMPRESSION, LZ4) : Map.of(),
        1,
        compressed ? null : key);
    InodeId file = tree.create(tree.root(), new byte[] {'f'}, NewInode.of(0x81a4, 0, 0)).id();
    byte[] data = new byte[FILE];
    Arrays.fill(data, (byte) 'x');
    tree.write(file, 0, MemorySegment.ofArray(data));
    files.put(file, data);
    overwriteBlocks(file, 8);
    read(file);
    assertEquals(0, filesystem.narrowChecksums(() -> true));
    assertEquals(0, wanted);
    soundBeforeAndAfterTheEnd();
  }

  /** Bytes that no file has any more do not cost those that are left, once they are apart. */
  @Test
  void damageInWhatWasOverwrittenDoesNotMatterOnceChecksumsAreNarrow() {
    create(Map.of(), 1, null);
    InodeId file = write("file");
    Bkey first = new Bkey();
    try (KeyIterator keys = extentsOf(file)) {
      keys.next();
      first.set(keys.key().copy());
    }
    ExtentEntries entries = new ExtentEntries().of(first, ExtentEntrySizes.KNOWN);
    entries.nextPtr();
    long sector = entries.sector();
    assertTrue(first.size() >= 64, "the first extent has " + first.size() + " sectors");
    // All of it but its first and its last block is overwritten.
    int from = BLOCK;
    int bytes = (first.size() << 9) - 2 * BLOCK;
    byte[] block = random(new Random(2), bytes);
    tree.write(file, from, MemorySegment.ofArray(block));
    System.arraycopy(block, 0, files.get(file), from, bytes);
    tree.syncAll();
    byte[] before = new byte[BLOCK];
    long damaged = (sector << 9) + BLOCK;
    devices.getFirst().read(damaged, MemorySegment.ofArray(before));
    devices.getFirst().write(damaged, MemorySegment.ofArray(new byte[BLOCK]));
    assertThrows(BcachefsException.class, () -> read(file), "what is left cannot be checked");
    devices.getFirst().write(damaged, MemorySegment.ofArray(before));
    assertEquals(2, readAndNarrow(file));
    devices.getFirst().write(damaged, MemorySegment.ofArray(new byte[BLOCK]));
    soundBeforeAndAfterTheEnd();
  }

  private KeyIterator extentsOf(InodeId file) {
    Bpos from = Bpos.of(file.number(), 0);
    return filesystem
        .btrees()
        .iterate(BtreeId.EXTENTS.number(), from, new Bpos(file.number(), -1, -1));
  }

  /** What changed between the read and the change of keys is left alone. */
  @Test
  void whatIsOverwrittenMeanwhileStaysAsItWasWritten() {
    create(Map.of(), 1, null);
    InodeId file = write("file");
    for (int round = 0; round < 5; round++) {
      overwriteBlocks(file, 100 + round);
      read(file);
      overwriteBlocks(file, 200 + round);
      filesystem.narrowChecksums(() -> true);
      read(file);
    }
    soundBeforeAndAfterTheEnd();
  }
}
