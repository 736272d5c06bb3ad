// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What extents note of background work; fsck holds lists and counters against it. */
class ReconcileNotesTest {
  private static final int REPLICAS = 1;
  private static final int ERASURE_CODE = 1 << 2;
  private static final int COMPRESSION = 1 << 3;
  private static final int TARGET = 1 << 4;
  private static final int CURRENT = MetadataVersion.CURRENT.number();

  @TempDir Path spill;

  private final List<MemoryDevice> devices = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private void create(int count, int version, Map<FilesystemOption, Long> options) {
    for (int i = 0; i < count; i++) {
      devices.add(new MemoryDevice("device" + i, 68L << 20));
    }
    filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(devices, 8 << 10, 512, 3, version, options, null),
            Optional.empty(),
            SmallFilesystem.options(3));
    tree = new WritableTree(filesystem, _ -> {});
  }

  private InodeId write(String name, int bytes) {
    byte[] data = new byte[bytes];
    new Random(bytes).nextBytes(data);
    byte[] path = name.getBytes(UTF_8);
    InodeId file = tree.create(tree.root(), path, NewInode.of(0x8000 | 0644, 0, 0)).id();
    tree.write(file, 0, MemorySegment.ofArray(data));
    return file;
  }

  /** The bits of what the extents of a file need, all of them the same. */
  private int need(BtreeId btree) {
    int need = -1;
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        int own = 0;
        entries.of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.next()) {
          if (entries.type() == ExtentEntryType.RECONCILE.number()) {
            own = ExtentReconcile.NEED_RB.getInt(entries.word());
          }
        }
        if (entries.rewind().nextPtr()) {
          assertEquals(need == -1 ? own : need, own, "all extents need the same");
          need = own;
        }
      }
    }
    return need;
  }

  private int count(BtreeId btree) {
    int count = 0;
    try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        count++;
      }
    }
    return count;
  }

  private void close() {
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(devices, spill));
  }

  @Test
  void oldKernelsGetNoNotesThatTheyDoNotKnow() {
    create(1, MetadataVersion.number(1, 28), Map.of());
    InodeId file = write("file", 50_000);
    tree.setOption(file, InodeOption.COMPRESSION, OptionalLong.of(1));
    tree.setOption(file, InodeOption.DATA_CHECKSUM, OptionalLong.of(2));
    InodeId copy = write("copy", 512);
    tree.clone(file, 0, copy, 0, 40_960);
    for (BtreeId btree : List.of(BtreeId.EXTENTS, BtreeId.REFLINK)) {
      try (KeyIterator keys = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          ExtentEntries entries = new ExtentEntries().of(keys.key(), ExtentEntrySizes.KNOWN);
          while (entries.next()) {
            assertNotEquals(ExtentEntryType.RECONCILE.number(), entries.type());
          }
        }
      }
    }
    close();
  }

  @Test
  void whatIsToBeCompressedLaterIsListedUntilItIsGone() {
    create(1, CURRENT, Map.of(FilesystemOption.BACKGROUND_COMPRESSION, 3L));
    InodeId file = write("file", 300_000);
    assertEquals(COMPRESSION, need(BtreeId.EXTENTS));
    assertEquals(count(BtreeId.EXTENTS), count(BtreeId.RECONCILE_WORK));
    tree.clone(file, 0, write("copy", 300_000), 0, 65_536);
    assertEquals(COMPRESSION, need(BtreeId.REFLINK));
    assertNotEquals(0, count(BtreeId.RECONCILE_WORK));
    tree.unlink(tree.root(), "file".getBytes(UTF_8));
    tree.unlink(tree.root(), "copy".getBytes(UTF_8));
    tree.syncAll();
    assertEquals(0, count(BtreeId.RECONCILE_WORK));
    close();
  }

  @Test
  void oldKernelsGetNoNotes() {
    create(1, MetadataVersion.number(1, 28), Map.of(FilesystemOption.BACKGROUND_COMPRESSION, 3L));
    write("file", 300_000);
    assertEquals(0, need(BtreeId.EXTENTS));
    assertEquals(0, count(BtreeId.RECONCILE_WORK));
    close();
  }

  @Test
  void moreReplicasThanDevicesAreUrgentAndHavePointersToNowhere() {
    create(2, CURRENT, Map.of(FilesystemOption.DATA_REPLICAS, 3L));
    write("file", 100_000);
    assertEquals(REPLICAS, need(BtreeId.EXTENTS));
    assertEquals(count(BtreeId.EXTENTS), count(BtreeId.RECONCILE_HIPRI));
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.EXTENTS.number(), Bpos.MIN, Bpos.MAX)) {
      ExtentEntries entries = new ExtentEntries();
      while (keys.next()) {
        List<Integer> where = new ArrayList<>();
        entries.of(keys.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          where.add(entries.dev());
        }
        assertEquals(3, where.size());
        assertEquals(ExtentPtr.NO_DEVICE, where.getLast());
      }
    }
    close();
  }

  @Test
  void erasureCodingIsLeftForLater() {
    create(
        2, CURRENT, Map.of(FilesystemOption.DATA_REPLICAS, 2L, FilesystemOption.ERASURE_CODE, 1L));
    write("file", 100_000);
    assertEquals(ERASURE_CODE, need(BtreeId.EXTENTS));
    close();
  }

  @Test
  void dataThatIsNotWhereItBelongsIsToBeMoved() {
    create(
        2,
        CURRENT,
        Map.of(FilesystemOption.FOREGROUND_TARGET, 1L, FilesystemOption.BACKGROUND_TARGET, 2L));
    write("file", 100_000);
    assertEquals(TARGET, need(BtreeId.EXTENTS));
    close();
  }

  @Test
  void anOptionThatChangesAsksForAScanOfTheFile() {
    create(1, CURRENT, Map.of());
    InodeId file = write("file", 100_000);
    assertEquals(0, need(BtreeId.EXTENTS));
    assertEquals(0, count(BtreeId.RECONCILE_SCAN));
    tree.setOption(file, InodeOption.COMPRESSION, OptionalLong.of(1));
    assertEquals(1, count(BtreeId.RECONCILE_SCAN));
    tree.setOption(file, InodeOption.PROJECT, OptionalLong.of(7));
    assertEquals(1, count(BtreeId.RECONCILE_SCAN));
    close();
  }
}
