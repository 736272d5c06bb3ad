// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.sb.write.OfflineSuperblock;
import org.jbcachefs.engine.sb.write.SuperblockWriter;

/** Opens all members, lets their superblocks be changed, and closes them. */
public final class OfflineMembers {
  private OfflineMembers() {}

  /**
   * For changes to what only this version's superblocks have.
   *
   * @param write false to look only: nothing can be written then
   */
  public static void with(
      Invocation invocation, List<Path> paths, boolean write, Consumer<SuperblockWriter> change) {
    with(invocation, paths, write, OfflineSuperblock::open, change);
  }

  /**
   * For changes to what superblocks of older versions have in the same form.
   *
   * @param write false to look only: nothing can be written then
   */
  public static void withOlder(
      Invocation invocation, List<Path> paths, boolean write, Consumer<SuperblockWriter> change) {
    with(invocation, paths, write, OfflineSuperblock::openOlder, change);
  }

  private static void with(
      Invocation invocation,
      List<Path> paths,
      boolean write,
      BiFunction<List<BlockDevice>, InstantSource, SuperblockWriter> opening,
      Consumer<SuperblockWriter> change) {
    List<BlockDevice> opened = new ArrayList<>();
    try {
      for (Path path : paths) {
        opened.add(
            write
                ? invocation.devices().openReadWrite(path)
                : invocation.devices().openReadOnly(path));
      }
      SuperblockWriter superblock = opening.apply(opened, invocation.clock());
      invocation.out().filesystem(superblock.current().userUuid());
      change.accept(superblock);
    } finally {
      opened.forEach(BlockDevice::close);
    }
  }
}
