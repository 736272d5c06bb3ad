// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that has lost most of its keys becomes a part of its neighbours. */
class NodeMergeTest {
  private static final int BLOCK = 512;
  private static final int EXTENTS = 1500;

  @TempDir Path spill;

  private final List<MemoryDevice> devices = List.of(new MemoryDevice("device", 68L << 20));
  private final byte[] content = new byte[2 * BLOCK * EXTENTS];
  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId file;

  /** A file of single blocks with holes between them: many extents in order. */
  private void create() {
    filesystem = SmallFilesystem.create(devices, 8 << 10, SmallFilesystem.options(5));
    tree = new WritableTree(filesystem, _ -> {});
    file = tree.create(tree.root(), "file".getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0)).id();
    Random random = new Random(5);
    for (int i = 0; i < EXTENTS; i++) {
      byte[] block = new byte[BLOCK];
      random.nextBytes(block);
      System.arraycopy(block, 0, content, 2 * i * BLOCK + BLOCK, BLOCK);
      tree.write(file, 2L * i * BLOCK + BLOCK, MemorySegment.ofArray(block));
    }
    tree.syncAll();
  }

  /** The last positions of leaves that hold nothing but this file. */
  private List<Bpos> leaves() {
    List<Bpos> ends = new ArrayList<>();
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), 1, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        ends.add(keys.key().pos());
      }
    }
    return ends;
  }

  /** Takes all but a few of the extents out of a leaf. */
  private void thinOut(Bpos after, Bpos last, int kept) {
    int left = kept;
    for (long sector = last.offset(); sector > after.offset(); sector -= 2) {
      if (left-- <= 0) {
        tree.allocate(file, AllocateMode.PUNCH_HOLE, (sector - 1) * BLOCK, BLOCK);
        Arrays.fill(content, (int) (sector - 1) * BLOCK, (int) sector * BLOCK, (byte) 0);
      }
    }
  }

  private void assertSound() {
    byte[] found = new byte[content.length];
    assertEquals(found.length, tree.read(file, 0, MemorySegment.ofArray(found)));
    assertEquals(-1, Arrays.mismatch(content, found));
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill));
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  @Test
  void threeNodesBecomeTwoWhereTwoDoNotBecomeOne() {
    create();
    List<Bpos> before = leaves();
    assertTrue(before.size() >= 6, before.size() + " leaves");
    int extents = (int) (before.get(2).offset() - before.get(1).offset()) / 2;
    thinOut(before.get(1), before.get(2), extents * 3 / 5);
    List<Bpos> after = leaves();
    assertEquals(before.size() - 1, after.size());
    assertEquals(before.get(0), after.get(0), "what is before them stays");
    assertTrue(after.contains(before.get(3)), "they end where they ended");
    assertSound();
  }

  @Test
  void threeNodesBecomeOne() {
    create();
    List<Bpos> before = leaves();
    thinOut(before.get(0), before.get(1), 12);
    thinOut(before.get(2), before.get(3), 12);
    thinOut(before.get(1), before.get(2), 12);
    List<Bpos> after = leaves();
    assertTrue(after.size() <= before.size() - 2, before.size() + " became " + after.size());
    assertSound();
  }
}
