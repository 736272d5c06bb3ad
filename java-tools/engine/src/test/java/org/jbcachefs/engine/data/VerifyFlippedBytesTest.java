// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.value.Backpointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One flipped byte anywhere that a checksum covers is found. What is covered comes from another
 * source than what is verified: the backpointers, which lead from sectors to keys.
 */
class VerifyFlippedBytesTest {
  private static final long SEED = 0x5eed;
  private static final int FLIPS = 40;

  /** Bytes of one device that a checksum covers. */
  private record Covered(int dev, long offset, long bytes, String what) {}

  @ParameterizedTest
  @ValueSource(strings = {"reflink", "checksums-all", "snapshots", "ec-6dev", "encryption"})
  void everyFlippedByteIsFound(String image) {
    List<DamagedView> views = DamagedView.of(image);
    try (GoldenData golden = GoldenData.open(image, views)) {
      List<Covered> all = covered(golden.filesystem);
      assertTrue(all.size() > 50, "only " + all.size() + " places");
      Random random = new Random(SEED);
      for (int i = 0; i < FLIPS; i++) {
        Covered covered = all.get(random.nextInt(all.size()));
        long at = covered.offset + (long) (random.nextDouble() * covered.bytes);
        views.get(covered.dev).flip(at, 1, 1 << random.nextInt(8));
        assertFound(golden, covered, at, "seed " + SEED + " flip " + i);
        views.forEach(DamagedView::heal);
      }
    }
  }

  private static void assertFound(GoldenData golden, Covered covered, long at, String where) {
    Damages damages = new Damages();
    new Verify(golden.filesystem.verifySubject(), 2, damages).run();
    String what = where + ": " + covered + " byte " + at + " found " + damages.sentences();
    assertFalse(damages.all.isEmpty(), what);
    String name = golden.filesystem.devices().name(covered.dev);
    for (Damage damage : damages.all) {
      Place place = damage.finding().place();
      assertEquals(name, place.device(), what);
      assertTrue(place.offset() <= at && at - place.offset() < 1 << 20, what);
      if (damage.fileOffset() >= 0) {
        assertFalse(damage.paths().isEmpty(), what);
      }
    }
  }

  private static List<Covered> covered(ReadFilesystem filesystem) {
    List<Covered> all = new ArrayList<>();
    for (int dev = 0; dev < filesystem.devices().size(); dev++) {
      Superblock superblock = filesystem.devices().superblockOf(dev);
      for (long sector : superblock.layout().sectors()) {
        all.add(new Covered(dev, sector << 9, superblock.sizeBytes(), "superblock"));
      }
      all.add(new Covered(dev, 7 << 9, 512, "layout"));
    }
    int shift = filesystem.superblock().extentBpShift();
    int backpointers = BtreeId.BACKPOINTERS.number();
    try (KeyIterator keys = filesystem.btrees().iterate(backpointers, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.BACKPOINTER.number()) {
          add(filesystem, keys.key(), shift, all);
        }
      }
    }
    return all;
  }

  private static void add(ReadFilesystem filesystem, Bkey key, int shift, List<Covered> all) {
    Backpointer back = Backpointer.decode(key);
    int dev = (int) key.inode();
    long bytes = (long) back.bucketSectors() << 9;
    String what = BtreeId.nameOf(back.btree()) + " " + back.level() + " " + back.pos();
    if (back.stripePtr()) {
      long end = ((key.offset() + 1) >>> shift) << 9;
      all.add(new Covered(dev, end - bytes, bytes, what));
      return;
    }
    Bpos pos = back.pos();
    try (KeyIterator found = filesystem.btrees().iterate(back.btree(), back.level(), pos, pos)) {
      if (found.next()) {
        long covered = coveredBytes(back, found.key(), bytes);
        if (covered > 0) {
          all.add(new Covered(dev, key.offset() >>> shift << 9, covered, what));
        }
      }
    }
  }

  /** Of a node what is written, of an extent nothing if it has no checksum. */
  private static long coveredBytes(Backpointer back, Bkey key, long bytes) {
    if (back.level() > 0) {
      return (long)
              BtreePointer.parse(back.btree(), back.level() - 1, key, Place.NOWHERE)
                  .sectorsWritten()
          << 9;
    }
    ExtentEntries entries = new ExtentEntries().of(key, ExtentEntrySizes.KNOWN);
    return entries.nextPtr() && entries.crc().checksumType() != 0 ? bytes : 0;
  }
}
