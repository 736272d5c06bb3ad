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
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Once an extent was read and found good, a block of it is read alone, and checked all the same.
 */
class BlockReadsTest {
  private static final int BLOCK = 4096;
  private static final int FILE = 480 << 10;

  /** More extents than a reader keeps decoded. */
  private static final int LARGE = 16 << 20;

  @TempDir Path spill;

  private final List<MemoryDevice> media = new ArrayList<>();
  private final List<FaultyDevice> devices = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final Map<InodeId, byte[]> files = new HashMap<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private void create(Map<FilesystemOption, Long> more, int members, byte[] key) {
    for (int i = 0; i < members; i++) {
      media.add(new MemoryDevice("device " + i, 80L << 20));
      devices.add(new FaultyDevice(media.get(i), i));
    }
    Map<FilesystemOption, Long> options = new HashMap<>(more);
    options.put(FilesystemOption.DATA_REPLICAS, (long) members);
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(
                devices, 16 << 10, 512, 3, MetadataVersion.CURRENT.number(), options, key),
            Optional.ofNullable(key).map(FilesystemKey::new),
            SmallFilesystem.options(3, WriteRules.ALL));
    tree = new WritableTree(filesystem, findings::add);
  }

  private InodeId write(String name, int bytes) {
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), name.getBytes(UTF_8), how).id();
    files.put(file, new byte[bytes]);
    write(file, 0, bytes, name.hashCode());
    return file;
  }

  private void write(InodeId file, int at, int bytes, long seed) {
    byte[] data = new byte[bytes];
    new Random(seed).nextBytes(data);
    tree.write(file, at, MemorySegment.ofArray(data));
    System.arraycopy(data, 0, files.get(file), at, bytes);
    tree.syncAll();
  }

  private void read(InodeId file, int at, int bytes) {
    byte[] data = files.get(file);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(bytes, BLOCK);
      assertEquals(bytes, tree.read(file, at, buffer));
      byte[] expected = Arrays.copyOfRange(data, at, at + bytes);
      assertArrayEquals(expected, buffer.toArray(ValueLayout.JAVA_BYTE), "byte " + at);
    }
  }

  private void readBlock(InodeId file, int block) {
    read(file, block * BLOCK, BLOCK);
  }

  /** Where a block of the file's first extent lies, of the copy that is tried first. */
  private void spoil(InodeId file, int block, boolean failing) {
    ExtentEntries entries = new ExtentEntries();
    Bpos from = new Bpos(file.number(), 0, 0);
    try (KeyIterator keys =
        filesystem
            .btrees()
            .iterate(BtreeId.EXTENTS.number(), from, new Bpos(file.number(), -1, -1))) {
      assertTrue(keys.next());
      assertTrue(keys.key().size() >= 64, "the first extent has " + keys.key().size());
      entries.of(keys.key(), ExtentEntrySizes.KNOWN);
      assertTrue(entries.nextPtr());
      long at = (entries.sector() << 9) + (long) block * BLOCK;
      if (failing) {
        devices.get(entries.dev()).failReads(at, BLOCK);
      } else {
        devices.get(entries.dev()).rot(at + 700, 512, 1);
      }
    }
  }

  private void soundAtTheEnd() {
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  /** crc32c, crc64, xxhash. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aBlockIsReadWithoutItsNeighboursOnceTheyWereGood(long checksum) {
    create(Map.of(FilesystemOption.DATA_CHECKSUM, checksum), 1, null);
    InodeId file = write("file", FILE);
    readBlock(file, 2);
    spoil(file, 6, false);
    readBlock(file, 4);
    read(file, 4 * BLOCK + 100, 300);
    read(file, 2 * BLOCK + 4000, 2000);
    spoil(file, 1, true);
    readBlock(file, 4);
    assertThrows(LostDataException.class, () -> readBlock(file, 6));
    assertThrows(LostDataException.class, () -> read(file, 5 * BLOCK + 4000, 2000));
    assertThrows(LostDataException.class, () -> readBlock(file, 1));
    readBlock(file, 4);
    assertEquals(List.of(), findings);
  }

  @Test
  void aBlockThatChangedIsFoundAndReadFromTheOtherCopy() {
    create(Map.of(), 2, null);
    InodeId file = write("file", FILE);
    readBlock(file, 2);
    spoil(file, 6, false);
    readBlock(file, 4);
    assertEquals(List.of(), findings);
    readBlock(file, 6);
    assertEquals(1, findings.size(), findings::toString);
    String said = findings.getFirst().toString();
    assertTrue(said.contains("data_checksum_error"), said);
    readBlock(file, 4);
    assertEquals(1, findings.size(), findings::toString);
  }

  @Test
  void aBlockThatCannotBeReadIsReadFromTheOtherCopy() {
    create(Map.of(), 2, null);
    InodeId file = write("file", FILE);
    readBlock(file, 2);
    spoil(file, 6, true);
    readBlock(file, 4);
    assertEquals(List.of(), findings);
    readBlock(file, 6);
    assertEquals(1, findings.size(), findings::toString);
  }

  /** A message authentication code holds for all of it: nothing else takes its place. */
  @Test
  void whatIsEncryptedIsReadAndCheckedAsAWhole() {
    byte[] key = new byte[32];
    new Random(1).nextBytes(key);
    create(Map.of(), 1, key);
    InodeId file = write("file", LARGE);
    for (int at = 2 * BLOCK; at < LARGE; at += 8 * BLOCK) {
      read(file, at, BLOCK);
    }
    spoil(file, 6, false);
    assertThrows(LostDataException.class, () -> readBlock(file, 4));
  }

  /** Who reads on gets the rest of an extent at once, block by block or not. */
  @Test
  void readingOnGivesWhatIsThere() {
    create(Map.of(), 1, null);
    InodeId file = write("file", FILE);
    for (int round = 0; round < 3; round++) {
      for (int step : new int[] {512, BLOCK, 3 * BLOCK, 5000}) {
        for (int at = 0; at + step <= FILE; at += step) {
          read(file, at, step);
        }
      }
    }
    soundAtTheEnd();
  }

  /** Overwritten, moved, its buckets used anew by others: what is read is what was written last. */
  @Test
  void whatWasOverwrittenOrMovedIsReadAsItIs() {
    create(Map.of(), 1, null);
    Random random = new Random(5);
    List<InodeId> all = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      all.add(write("file " + i, FILE));
    }
    for (int round = 0; round < 1500; round++) {
      InodeId file = all.get(random.nextInt(all.size()));
      int bytes = 512 * (1 + random.nextInt(random.nextInt(20) == 0 ? 900 : 16));
      int at = 512 * random.nextInt((FILE - bytes) / 512 + 1);
      if (random.nextInt(4) == 0) {
        write(file, at, bytes, round);
      } else {
        read(file, at, bytes);
      }
      if (round % 100 == 0) {
        filesystem.compact();
        filesystem.tick();
        filesystem.narrowChecksums(() -> true);
      }
    }
    all.forEach(file -> read(file, 0, FILE));
    assertEquals(List.of(), findings);
    soundAtTheEnd();
  }
}
