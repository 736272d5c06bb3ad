// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.PersistentCounter;
import org.junit.jupiter.api.Test;

/** What is counted while a filesystem is open, and what of it is in its superblock afterwards. */
class ActivityTest {
  private static final int BYTES = 256 << 10;
  private static final int COPIES = 2;

  private final List<MemoryDevice> devices = new ArrayList<>();

  private WritableFilesystem create() {
    for (int i = 0; i < COPIES; i++) {
      devices.add(new MemoryDevice("device" + i, 32L << 20));
    }
    return FilesystemFormat.create(
        SmallFilesystem.format(
            devices,
            8 << 10,
            512,
            3,
            MetadataVersion.CURRENT.number(),
            Map.of(FilesystemOption.DATA_REPLICAS, (long) COPIES),
            null),
        Optional.empty(),
        SmallFilesystem.options(3));
  }

  private WritableFilesystem open() {
    devices.replaceAll(device -> device.copy(device.name()));
    return WritableFilesystem.open(new ArrayList<BlockDevice>(devices), SmallFilesystem.options(4));
  }

  private static InodeId write(WritableTree tree, String name) {
    InodeId file =
        tree.create(tree.root(), name.getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0)).id();
    tree.write(file, 0, MemorySegment.ofArray(new byte[BYTES]));
    tree.sync(file);
    return file;
  }

  private static long stored(Superblock superblock, PersistentCounter counter) {
    CountersSection section =
        (CountersSection) superblock.decode(superblock.section(SectionType.COUNTERS).orElseThrow());
    return section.value(counter).orElseThrow();
  }

  @Test
  void whatIsReadAndWrittenIsCountedByDeviceAndType() {
    try (WritableFilesystem filesystem = create()) {
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      InodeId file = write(tree, "file");
      Activity activity = filesystem.devices().activity();
      assertEquals(BYTES >> 9, activity.counted(PersistentCounter.DATA_WRITE));
      assertEquals(1, activity.counted(PersistentCounter.FSYNC));
      long read = 0;
      for (int device = 0; device < COPIES; device++) {
        assertEquals(BYTES, activity.bytesWritten(DataType.USER, device));
        assertTrue(activity.bytesWritten(DataType.JOURNAL, device) > 0);
        assertTrue(activity.bytesWritten(DataType.SB, device) > 0);
        read += activity.bytesRead(DataType.USER, device);
      }
      assertEquals(0, read);
      MemorySegment into = MemorySegment.ofArray(new byte[BYTES]);
      assertEquals(BYTES, tree.read(file, 0, into));
      assertEquals(BYTES >> 9, activity.counted(PersistentCounter.DATA_READ));
      for (int device = 0; device < COPIES; device++) {
        read += activity.bytesRead(DataType.USER, device);
      }
      assertEquals(BYTES, read);
      tree.close();
    }
  }

  @Test
  void sumsGoOnFromOneMountToTheNext() {
    long superblocks;
    try (WritableFilesystem filesystem = create()) {
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      write(tree, "one");
      tree.close();
    }
    try (WritableFilesystem filesystem = open()) {
      assertEquals(BYTES >> 9, stored(filesystem.superblock(), PersistentCounter.DATA_WRITE));
      superblocks = stored(filesystem.superblock(), PersistentCounter.WRITE_SUPER);
      assertTrue(superblocks > 0);
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      write(tree, "two");
      assertEquals(
          BYTES >> 9, filesystem.devices().activity().counted(PersistentCounter.DATA_WRITE));
      tree.close();
    }
    try (WritableFilesystem filesystem = open()) {
      assertEquals(
          (2L * BYTES) >> 9, stored(filesystem.superblock(), PersistentCounter.DATA_WRITE));
      assertTrue(stored(filesystem.superblock(), PersistentCounter.WRITE_SUPER) > superblocks);
      // Nobody has counted anything that is not there.
      assertEquals(0, stored(filesystem.superblock(), PersistentCounter.GC_GENS_START));
    }
  }
}
