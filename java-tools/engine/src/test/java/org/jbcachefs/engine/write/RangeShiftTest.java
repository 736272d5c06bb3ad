// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
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
  void whatASnapshotHasTooIsNotMoved() {
    List<MemoryDevice> media = List.of(new MemoryDevice("device", 68L << 20));
    WritableFilesystem filesystem =
        SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(1));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    NewInode how = NewInode.of(0x8000 | 0644, 0, 0);
    InodeId file = tree.create(tree.root(), "file".getBytes(UTF_8), how).id();
    byte[] data = new byte[20 * BLOCK];
    data[10 * BLOCK] = 1;
    tree.write(file, 0, MemorySegment.ofArray(data));
    tree.createSnapshot(file.subvolume(), tree.root(), "snapshot".getBytes(UTF_8), true);
    assertEquals(PosixError.EOPNOTSUPP, error(() -> tree.insertRange(file, BLOCK, BLOCK)));
    assertEquals(PosixError.EOPNOTSUPP, error(() -> tree.collapseRange(file, BLOCK, BLOCK)));
    tree.write(file, 0, MemorySegment.ofArray(data));
    tree.syncAll();
    tree.insertRange(file, BLOCK, BLOCK);
    tree.collapseRange(file, 0, BLOCK);
    byte[] found = new byte[1];
    tree.read(file, 10 * BLOCK, MemorySegment.ofArray(found));
    assertEquals(1, found[0]);
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  private static PosixError error(Runnable step) {
    return assertThrows(PosixException.class, step::run).error();
  }
}
