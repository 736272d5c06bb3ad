// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Who keeps a block device busy, as far as /sys and /proc tell: devices built upon it, where it is
 * mounted in this mount namespace, and whether it is swapped to. Programs that merely have it open
 * exclusively are not to be found there.
 */
public final class DeviceHolders {
  /** One of them. */
  public record Holder(Kind kind, String name) {}

  /** What a holder's name is. */
  public enum Kind {
    /** The kernel's name of a device that is built upon it. */
    DEVICE,
    /** A mountpoint. */
    MOUNT,
    /** The path by which it is swapped to. */
    SWAP,
    /** A process that claimed it through the kernel shim. */
    PROCESS
  }

  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final Path SWAPS = Path.of("/proc/swaps");

  // Columns of a line of mountinfo: proc(5).
  private static final int MOUNT_DEVICE = 2;
  private static final int MOUNT_POINT = 4;
  private static final int MOUNT_SOURCE = 2;

  private DeviceHolders() {}

  public static List<Holder> of(BlockNode node) throws IOException {
    List<Holder> found = new ArrayList<>();
    for (String name : SysDevice.of(node).holders()) {
      found.add(new Holder(Kind.DEVICE, name));
    }
    found.addAll(mounts(node, lines(MOUNTS)));
    found.addAll(swaps(node, lines(SWAPS)));
    return found;
  }

  /** Mountpoints of filesystems on it: by its number, or as one of the paths joined by ':'. */
  static List<Holder> mounts(BlockNode node, List<String> mountinfo) throws IOException {
    List<Holder> found = new ArrayList<>();
    for (String line : mountinfo) {
      String[] columns = line.split(" ", -1);
      int separator = Arrays.asList(columns).indexOf("-");
      if (columns.length <= MOUNT_POINT || separator < 0) {
        continue;
      }
      boolean isIts = columns[MOUNT_DEVICE].equals(node.toString());
      if (!isIts && columns.length > separator + MOUNT_SOURCE) {
        isIts = isAmong(node, unescaped(columns[separator + MOUNT_SOURCE]));
      }
      if (isIts) {
        found.add(new Holder(Kind.MOUNT, unescaped(columns[MOUNT_POINT])));
      }
    }
    return found;
  }

  private static boolean isAmong(BlockNode node, String source) throws IOException {
    for (String path : source.split(":", -1)) {
      if (path.startsWith("/") && isPathOf(node, Path.of(path))) {
        return true;
      }
    }
    return false;
  }

  private static List<Holder> swaps(BlockNode node, List<String> swaps) throws IOException {
    List<Holder> found = new ArrayList<>();
    for (String line : swaps) {
      String path = unescaped(line.split("\\s", 2)[0]);
      if (path.startsWith("/") && isPathOf(node, Path.of(path))) {
        found.add(new Holder(Kind.SWAP, path));
      }
    }
    return found;
  }

  private static boolean isPathOf(BlockNode node, Path path) throws IOException {
    return Files.exists(path) && BlockNode.of(path).filter(node::equals).isPresent();
  }

  /** Names in there need not be UTF-8. */
  private static List<String> lines(Path file) throws IOException {
    return Files.isReadable(file)
        ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList()
        : List.of();
  }

  /** The kernel writes blanks, tabs, newlines and backslashes as three octal digits. */
  private static String unescaped(String text) {
    return text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }
}
