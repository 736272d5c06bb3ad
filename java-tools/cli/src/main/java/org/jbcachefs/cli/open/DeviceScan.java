// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/** Finds the members of a filesystem among the block devices of the machine. */
final class DeviceScan {
  private static final Path PARTITIONS = Path.of("/proc/partitions");

  private DeviceScan() {}

  /**
   * Opens every block device whose superblock carries that user-visible UUID.
   *
   * @throws NotFoundException if there is none
   */
  static List<BlockDevice> find(UUID uuid, Invocation invocation) throws IOException {
    List<BlockDevice> found = new ArrayList<>();
    for (Path node : paths(uuid, invocation)) {
      found.add(invocation.devices().openReadOnly(node));
    }
    return found;
  }

  /**
   * Every block device whose superblock carries that user-visible UUID.
   *
   * @throws NotFoundException if there is none
   */
  static List<Path> paths(UUID uuid, Invocation invocation) throws IOException {
    List<Path> found = new ArrayList<>();
    int unreadable = 0;
    for (Path node : nodes()) {
      try {
        if (belongs(node, uuid)) {
          found.add(node);
        }
      } catch (BcachefsException e) {
        unreadable++;
      }
    }
    if (found.isEmpty()) {
      String hint =
          unreadable == 0
              ? ""
              : "; " + unreadable + " could not be read, which may need more rights";
      throw new NotFoundException(
          Place.NOWHERE, "UUID=" + uuid + ": no block device carries it" + hint);
    }
    if (invocation.debug()) {
      found.forEach(node -> invocation.note(node + ": a member of " + uuid));
    }
    return found;
  }

  private static List<Path> nodes() throws IOException {
    List<Path> nodes = new ArrayList<>();
    if (!Files.isReadable(PARTITIONS)) {
      return nodes;
    }
    for (String line : Files.readAllLines(PARTITIONS)) {
      String[] words = line.trim().split("\\s+", -1);
      if (words.length == 4 && words[0].matches("[0-9]+")) {
        Path node = Path.of("/dev", words[3].replace('!', '/'));
        if (Files.exists(node)) {
          nodes.add(node);
        }
      }
    }
    return nodes;
  }

  /** Looks plainly: devices of others are not to be claimed. */
  private static boolean belongs(Path node, UUID uuid) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(node)) {
      return SuperblockSearch.find(device)
          .newest()
          .map(superblock -> superblock.userUuid().equals(uuid))
          .orElse(false);
    }
  }
}
