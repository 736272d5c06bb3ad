// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of a deleted snapshot become those of the one that is left, under the eyes of readers. */
class MovedKeysTest {
  private static final int FILES = 600;

  @TempDir Path spill;

  private final List<MemoryDevice> devices = List.of(new MemoryDevice("device", 68L << 20));
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private InodeId snapshot(InodeId of, String name) {
    return tree.createSnapshot(of.subvolume(), tree.root(), name.getBytes(UTF_8), false).id();
  }

  private void changeAll(InodeId root) {
    for (int i = 0; i < FILES; i++) {
      InodeId file = tree.lookup(root, ("file" + i).getBytes(UTF_8)).orElseThrow().id();
      tree.setAttributes(file, AttributeChange.NONE.withMtime(i + root.subvolume()));
    }
  }

  private VisibleKeys inodes(int snapshot) {
    return new VisibleKeys(
        filesystem.btrees(),
        filesystem.snapshots(),
        BtreeId.INODES.number(),
        snapshot,
        Bpos.MIN,
        Bpos.MAX);
  }

  /** Ends of leaves that lie between the keys of two snapshots of one inode. */
  private List<Bpos> endsBetween(int one, int other) {
    List<Bpos> ends = new ArrayList<>();
    try (KeyIterator leaves =
        filesystem.btrees().iterate(BtreeId.INODES.number(), 1, Bpos.MIN, Bpos.MAX)) {
      while (leaves.next()) {
        Bpos end = leaves.key().pos();
        if (Integer.compareUnsigned(end.snapshot(), one) >= 0
            && Integer.compareUnsigned(end.snapshot(), other) < 0) {
          ends.add(end);
        }
      }
    }
    return ends;
  }

  @Test
  void whoReadsWhileKeysMoveToTheNodeBeforeMissesNone() {
    filesystem = SmallFilesystem.create(devices, 8 << 10, SmallFilesystem.options(5));
    tree = new WritableTree(filesystem, _ -> {});
    for (int i = 0; i < FILES; i++) {
      tree.create(tree.root(), ("file" + i).getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0));
    }
    InodeId first = snapshot(tree.root(), "first");
    changeAll(first);
    int parent = tree.snapshotOf(first.subvolume());
    InodeId second = snapshot(first, "second");
    boolean firstIsLower =
        Integer.compareUnsigned(
                tree.snapshotOf(first.subvolume()), tree.snapshotOf(second.subvolume()))
            < 0;
    InodeId kept = firstIsLower ? first : second;
    InodeId deleted = firstIsLower ? second : first;
    changeAll(deleted);
    changeAll(tree.root());
    int left = tree.snapshotOf(kept.subvolume());
    List<Bpos> ends = endsBetween(tree.snapshotOf(deleted.subvolume()), parent);
    assertFalse(ends.isEmpty());
    long last = tree.lookup(kept, ("file" + (FILES - 1)).getBytes(UTF_8)).get().id().number();
    Map<Bpos, VisibleKeys> readers = new TreeMap<>();
    for (Bpos end : ends) {
      VisibleKeys reader = inodes(left);
      do {
        assertTrue(reader.next());
      } while (reader.key().offset() < end.offset() - 1);
      readers.put(end, reader);
    }
    tree.deleteSubvolume(tree.root(), (firstIsLower ? "second" : "first").getBytes(UTF_8));
    tree.cleanUp();
    readers.forEach((end, reader) -> {
      long inode = reader.key().offset();
      while (reader.next()) {
        assertEquals(++inode, reader.key().offset(), "after " + end);
        int from = reader.key().snapshot();
        boolean newest = from == left || from == parent || inode > last;
        assertTrue(newest, () -> "an older one of " + reader.key() + " after " + end);
      }
      reader.close();
    });
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(devices, spill));
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }
}
