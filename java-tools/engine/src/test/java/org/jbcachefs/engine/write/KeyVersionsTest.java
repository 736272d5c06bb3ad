// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rule W50: whatever is encrypted has a version that nothing else was ever encrypted with. */
class KeyVersionsTest {
  private static final byte[] KEY = "a key that nobody must know, yes".getBytes(US_ASCII);
  private static final int FILES = 6;

  @TempDir Path spill;

  /** Where the data of each version lies: pieces of one extent share both. */
  private final Map<Long, Long> places = new HashMap<>();

  private void write(WritableTree tree, Random random) {
    for (int i = 0; i < 60; i++) {
      byte[] name = ("file" + random.nextInt(FILES)).getBytes(UTF_8);
      InodeId file =
          tree.lookup(tree.root(), name)
              .orElseGet(() -> tree.create(tree.root(), name, NewInode.of(0x8000 | 0644, 0, 0)))
              .id();
      byte[] data = new byte[1 + random.nextInt(90_000)];
      random.nextBytes(data);
      tree.write(file, random.nextInt(200_000), MemorySegment.ofArray(data));
    }
  }

  /** Looks at all extents: a version that was seen before must be of the same data. */
  private int look(WritableFilesystem filesystem) {
    int extents = 0;
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        if (keys.key().type() == KeyType.EXTENT.number()) {
          assertTrue(entries.of(keys.key(), ExtentEntrySizes.KNOWN).nextPtr());
          long checksum = entries.crc().checksumLo();
          Long other = places.putIfAbsent(keys.key().versionLo(), checksum);
          assertTrue(other == null || other == checksum, () -> "used twice: " + keys.key());
          extents++;
        }
      }
    }
    return extents;
  }

  @Test
  void noVersionIsUsedTwiceWhateverHappensInBetween() {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 68L << 20)));
    WritableFilesystem filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(
                media, 8 << 10, 512, 9, MetadataVersion.CURRENT.number(), Map.of(), KEY),
            Optional.of(new FilesystemKey(KEY)),
            SmallFilesystem.options(9));
    Random random = new Random(50);
    int extents = 0;
    for (int session = 0; session < 6; session++) {
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      write(tree, random);
      extents += look(filesystem);
      if (session % 2 == 0) {
        tree.close();
        filesystem.close();
      } else {
        tree.syncAll();
        write(tree, random);
        tree.syncAll();
        extents += look(filesystem);
        filesystem.abandon();
      }
      media = Judge.reopenable(media);
      assertEquals(List.of(), Judge.findings(media, spill));
      filesystem =
          WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(100 + session));
    }
    filesystem.close();
    assertTrue(extents > 200, "only " + extents + " extents were looked at");
  }
}
