// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Filesystems of several members that this program makes and fills, the same from the same seed.
 */
public final class MadeFilesystem {
  private static final long DEVICE_BYTES = 68L << 20;
  private static final int NODE_BYTES = 16 << 10;
  private static final int OPERATIONS = 600;

  private MadeFilesystem() {}

  /**
   * One with random files, ended cleanly. Metadata has two replicas.
   *
   * @param members how many devices
   * @param dataReplicas how many copies its data has
   */
  public static List<MemoryDevice> of(int members, int dataReplicas, long seed) {
    List<MemoryDevice> devices = new ArrayList<>();
    for (int i = 0; i < members; i++) {
      devices.add(new MemoryDevice("device" + i, DEVICE_BYTES));
    }
    List<LentDevice> lent = devices.stream().map(LentDevice::new).toList();
    Map<FilesystemOption, Long> more = Map.of(FilesystemOption.DATA_REPLICAS, (long) dataReplicas);
    WritableFilesystem filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(
                lent, NODE_BYTES, 512, seed, MetadataVersion.number(1, 38), more, null),
            Optional.empty(),
            SmallFilesystem.options(seed));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    int block = filesystem.superblock().blockBytes();
    new RandomFiles(new Random(seed), new ModelTree(), block).run(tree, OPERATIONS);
    tree.close();
    filesystem.close();
    return devices;
  }
}
