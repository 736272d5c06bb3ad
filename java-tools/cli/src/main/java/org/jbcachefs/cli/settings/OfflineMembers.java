// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.sb.write.OfflineSuperblock;
import org.jbcachefs.engine.sb.write.SuperblockWriter;

/** Opens all members, lets their superblocks be changed, and closes them. */
final class OfflineMembers {
  private OfflineMembers() {}

  /**
   * @param write false to look only: nothing can be written then
   */
  static void with(
      Invocation invocation, List<Path> paths, boolean write, Consumer<SuperblockWriter> change) {
    List<BlockDevice> opened = new ArrayList<>();
    try {
      for (Path path : paths) {
        opened.add(
            write
                ? invocation.devices().openReadWrite(path)
                : invocation.devices().openReadOnly(path));
      }
      SuperblockWriter superblock = OfflineSuperblock.open(opened, invocation.clock());
      invocation.out().filesystem(superblock.current().userUuid());
      change.accept(superblock);
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }
}
