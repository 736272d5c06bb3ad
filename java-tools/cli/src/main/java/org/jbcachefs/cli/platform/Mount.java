// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A mount of this process's namespace, from /proc/self/mountinfo.
 *
 * @param point where it is mounted
 * @param type of the filesystem, e.g. "bcachefs", "fuse.jbcachefs"
 * @param source what is mounted, as mount(8) was told
 */
public record Mount(Path point, String type, String source) {
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final int POINT_FIELD = 4;

  /** The mount that holds a path; the path must be absolute and without symbolic links. */
  public static Optional<Mount> holding(Path path) throws IOException {
    if (!Files.isReadable(MOUNTS)) {
      return Optional.empty();
    }
    return holding(path, Files.readAllLines(MOUNTS, StandardCharsets.UTF_8));
  }

  /** The last of the longest mount points above the path, since later mounts hide earlier ones. */
  static Optional<Mount> holding(Path path, List<String> lines) {
    Mount best = null;
    for (String line : lines) {
      Mount mount = parse(line);
      if (mount != null
          && path.startsWith(mount.point)
          && (best == null || mount.point.getNameCount() >= best.point.getNameCount())) {
        best = mount;
      }
    }
    return Optional.ofNullable(best);
  }

  private static Mount parse(String line) {
    List<String> words = List.of(line.split(" ", -1));
    int dash = words.indexOf("-");
    if (dash <= POINT_FIELD || words.size() < dash + 3) {
      return null;
    }
    return new Mount(
        Path.of(unescaped(words.get(POINT_FIELD))),
        words.get(dash + 1),
        unescaped(words.get(dash + 2)));
  }

  /** Blanks, tabs, line ends and backslashes are three octal digits in that file. */
  private static String unescaped(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && text.length() >= i + 4 && text.substring(i + 1, i + 4).matches("[0-7]+")) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  /** Whether it is a bcachefs filesystem, mounted by the kernel or by us. */
  public boolean isBcachefs() {
    return type.equals("bcachefs") || type.equals("fuse.jbcachefs");
  }
}
