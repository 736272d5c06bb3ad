// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.sb.Superblock;

/**
 * What one device of several stands for where a mount is asked for: the whole filesystem. mount(8)
 * turns the {@code UUID=} of an fstab into the first device that carries it.
 */
public final class SiblingMembers {
  private static final int FILE_TYPE = 0170000;
  private static final int BLOCK_DEVICE = 0060000;

  private SiblingMembers() {}

  /**
   * The same members, unless they are a single block device whose superblock knows of more: then
   * all that carry its UUID. Images are taken as they are.
   */
  public static MemberSpec of(MemberSpec named) throws IOException {
    if (named.uuid() != null || named.paths().size() != 1) {
      return named;
    }
    Path path = named.paths().getFirst();
    if (!isBlockDevice(path)) {
      return named;
    }
    try (FileBlockDevice device = FileBlockDevice.openReadOnly(path)) {
      return SuperblockSearch.find(device)
          .newest()
          .filter(superblock -> superblock.deviceCount() > 1)
          .map(Superblock::userUuid)
          .map(uuid -> new MemberSpec(List.of(), uuid))
          .orElse(named);
    }
  }

  /**
   * The same by their paths: what {@code UUID=} stands for is looked for among the machine's block
   * devices.
   *
   * @throws org.jbcachefs.format.error.NotFoundException if no device carries the UUID
   */
  public static MemberSpec found(MemberSpec named, Invocation invocation) throws IOException {
    MemberSpec spec = of(named);
    if (spec.uuid() == null) {
      return spec;
    }
    List<Path> paths = new ArrayList<>(spec.paths());
    paths.addAll(DeviceScan.paths(spec.uuid(), invocation));
    return new MemberSpec(paths, null);
  }

  private static boolean isBlockDevice(Path path) throws IOException {
    return Files.exists(path)
        && ((int) Files.getAttribute(path, "unix:mode") & FILE_TYPE) == BLOCK_DEVICE;
  }
}
