// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranges that are inserted and taken out beneath snapshots. */
class RangeShiftTest {
  private static final int BLOCK = 4096;

  @TempDir Path spill;

  @Test
  void whatASnapshotHasTooIsMovedInOneOfThemAlone() {
    List<MemoryDevice> media = List.of(new MemoryDevice("device", 68L << 20));
    WritableFilesystem filesystem =
        SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(1));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    InodeId file = tree.create(tree.root(), name("file"), NewInode.of(0x8000 | 0644, 0, 0)).id();
    byte[] data = new byte[20 * BLOCK + 100];
    new Random(1).nextBytes(data);
    tree.write(file, 0, MemorySegment.ofArray(data));
    tree.allocate(file, AllocateMode.ALLOCATE_KEEP_SIZE, 30L * BLOCK, 5 * BLOCK);
    InodeId snapshot =
        tree.createSnapshot(file.subvolume(), tree.root(), name("snapshot"), true).id();
    tree.insertRange(file, BLOCK, 3 * BLOCK);
    ByteBuffer expected = ByteBuffer.allocate(data.length + 3 * BLOCK);
    expected.put(data, 0, BLOCK).put(new byte[3 * BLOCK]).put(data, BLOCK, data.length - BLOCK);
    assertArrayEquals(expected.array(), read(tree, file));
    InodeId kept = tree.lookup(snapshot, name("file")).orElseThrow().id();
    assertArrayEquals(data, read(tree, kept));
    assertEquals(PosixError.EROFS, error(() -> tree.collapseRange(kept, 0, BLOCK)));
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(media, spill), "inserted");
    tree.createSnapshot(file.subvolume(), tree.root(), name("second"), false);
    tree.collapseRange(file, BLOCK, 3 * BLOCK);
    assertArrayEquals(data, read(tree, file));
    InodeId second = tree.lookup(tree.root(), name("second")).orElseThrow().id();
    InodeId other = tree.lookup(second, name("file")).orElseThrow().id();
    assertArrayEquals(expected.array(), read(tree, other));
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(media, spill), "collapsed");
    tree.deleteSubvolume(tree.root(), name("snapshot"));
    tree.deleteSubvolume(tree.root(), name("second"));
    tree.cleanUp();
    assertArrayEquals(data, read(tree, file));
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill));
    Judge.keep(media, "shifted");
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] read(WritableTree tree, InodeId id) {
    byte[] there = new byte[(int) tree.attributes(id).size()];
    assertEquals(there.length, tree.read(id, 0, MemorySegment.ofArray(there)));
    return there;
  }

  private static PosixError error(Runnable step) {
    return assertThrows(PosixException.class, step::run).error();
  }
}
