// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** The logical sector size of a Linux block node, found through /sys without any ioctl. */
final class SectorSize {
  private SectorSize() {}

  /** Bytes of a logical sector; empty for what is no block node or where /sys does not tell. */
  static OptionalInt of(Path path) throws IOException {
    Optional<BlockNode> node = BlockNode.of(path);
    if (node.isEmpty()) {
      return OptionalInt.empty();
    }
    long bytes = SysDevice.of(node.get()).queueNumber("logical_block_size");
    return bytes >= 512 && bytes <= Integer.MAX_VALUE
        ? OptionalInt.of((int) bytes)
        : OptionalInt.empty();
  }
}
