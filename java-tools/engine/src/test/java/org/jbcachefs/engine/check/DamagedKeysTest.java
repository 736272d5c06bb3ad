// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever bytes of a key are changed, checksums made right: the check comes to its end. One line
 * reproduces a failure: {@code -Djbcachefs.seedBase=N} makes seed N the first.
 */
final class DamagedKeysTest {
  private static final int SEEDS = 25;
  private static final int EDITS = 4;
  private static final BtreeId[] BTREES = {
    BtreeId.INODES,
    BtreeId.DIRENTS,
    BtreeId.EXTENTS,
    BtreeId.XATTRS,
    BtreeId.REFLINK,
    BtreeId.SNAPSHOTS,
    BtreeId.SUBVOLUMES,
    BtreeId.SNAPSHOT_TREES,
    BtreeId.SUBVOLUME_CHILDREN
  };

  /** Where keys are, and how long their values. */
  private record Key(BtreeId btree, Bpos pos, int bytes) {}

  @ParameterizedTest
  @ValueSource(strings = {"snapshots", "reflink", "casefold-default", "v139-snapshots", "quota"})
  void theCheckComesToItsEnd(String image) {
    int base = Integer.getInteger("jbcachefs.seedBase", 0);
    List<Key> keys = keys(image);
    for (int seed = base; seed < base + SEEDS; seed++) {
      try {
        run(image, keys, new Random(seed));
      } catch (RuntimeException e) {
        throw new AssertionError(image + " with -Djbcachefs.seedBase=" + seed, e);
      }
    }
  }

  private static List<Key> keys(String image) {
    List<Key> keys = new ArrayList<>();
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(GoldenImages.open(image), OpenOptions.defaults())) {
      for (BtreeId btree : BTREES) {
        List<Key> some = new ArrayList<>();
        try (KeyIterator iterator =
            filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
          while (iterator.next()) {
            Bkey key = iterator.key();
            some.add(new Key(btree, key.pos(), key.valueBytes()));
          }
        }
        // As many of each btree, so that small ones are damaged as often.
        for (int i = 0; i < 100 && !some.isEmpty(); i++) {
          keys.add(some.get(i * 7919 % some.size()));
        }
      }
    }
    return keys;
  }

  private static void run(String image, List<Key> keys, Random random) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open(image).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    ImageEditor editor = new ImageEditor(devices, OpenOptions.defaults());
    for (int i = 0; i < EDITS; i++) {
      Key key = keys.get(random.nextInt(keys.size()));
      try {
        editor.run(edit(key, random));
      } catch (BcachefsException _) {
        // One edit may have damaged what the next one needs, or what shows the result.
      }
    }
    try {
      CheckRun.of(image, devices, CheckOptions.defaults().withThreads(1));
    } catch (BcachefsException e) {
      throw new AssertionError("the check gave up: " + e.sentence(), e);
    }
  }

  private static String edit(Key key, Random random) {
    String at = key.btree() + " " + key.pos() + " ";
    if (key.bytes() == 0 || random.nextInt(5) == 0) {
      Bpos pos = key.pos();
      return switch (random.nextInt(4)) {
        case 0 -> "delete " + at;
        case 1 -> "copy " + at + (pos.inode() + 1) + ":" + pos.offset() + ":" + snapshot(pos);
        case 2 -> "set " + at + "type=" + random.nextInt(40);
        default -> "set " + at + "size^=" + (1 + random.nextInt(200));
      };
    }
    int offset = random.nextInt(key.bytes());
    return "set " + at + "u8@" + offset + "^=" + (1 + random.nextInt(255));
  }

  private static String snapshot(Bpos pos) {
    return Integer.toUnsignedString(pos.snapshot());
  }
}
