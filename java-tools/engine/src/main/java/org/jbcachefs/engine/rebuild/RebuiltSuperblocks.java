// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.format.sb.Superblock;

/**
 * What was made up for devices without a superblock. Immutable.
 *
 * @param superblocks of each device that was recognised, by its index
 * @param found what the devices told, in sentences
 * @param assumed what nothing tells, in sentences
 */
public record RebuiltSuperblocks(
    Map<BlockDevice, Superblock> superblocks, List<String> found, List<String> assumed) {
  public RebuiltSuperblocks {
    superblocks = new LinkedHashMap<>(superblocks);
    found = List.copyOf(found);
    assumed = List.copyOf(assumed);
  }
}
