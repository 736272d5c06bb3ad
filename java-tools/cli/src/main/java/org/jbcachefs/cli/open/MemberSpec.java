// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jbcachefs.cli.UsageException;

/**
 * The members of a filesystem as a user names them.
 *
 * @param paths device nodes and images, in order
 * @param uuid of a filesystem whose members are to be found by scanning, or null
 */
public record MemberSpec(List<Path> paths, UUID uuid) {
  private static final String BY_UUID = "UUID=";
  private static final String BY_OLD_UUID = "OLD_BLKID_UUID=";

  /**
   * One argument: an existing file or node is taken whole; otherwise it is {@code UUID=...}, or
   * paths joined by ':'.
   */
  static MemberSpec of(String argument, List<String> more) {
    List<Path> paths = new ArrayList<>();
    UUID uuid = null;
    if (exists(argument)) {
      paths.add(path(argument));
    } else if (argument.startsWith(BY_UUID)) {
      uuid = uuid(argument.substring(BY_UUID.length()));
    } else if (argument.startsWith(BY_OLD_UUID)) {
      uuid = uuid(argument.substring(BY_OLD_UUID.length()));
    } else {
      for (String part : argument.split(":", -1)) {
        if (!part.isEmpty()) {
          paths.add(path(part));
        }
      }
    }
    more.forEach(device -> paths.add(path(device)));
    if (paths.isEmpty() && uuid == null) {
      throw new UsageException("no device given");
    }
    return new MemberSpec(List.copyOf(paths), uuid);
  }

  /** Several arguments: one is read as above, more are a device each. */
  static MemberSpec of(List<String> arguments, List<String> more) {
    if (arguments.isEmpty() && more.isEmpty()) {
      throw new UsageException("no device given");
    }
    List<String> rest = new ArrayList<>();
    if (arguments.size() > 1) {
      rest.addAll(arguments.subList(1, arguments.size()));
    }
    rest.addAll(more);
    if (arguments.isEmpty()) {
      return of(rest.getFirst(), rest.subList(1, rest.size()));
    }
    return of(arguments.getFirst(), rest);
  }

  private static boolean exists(String argument) {
    try {
      return Files.exists(Path.of(argument));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UsageException("not a path: " + e.getReason());
    }
  }

  private static UUID uuid(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (!lower.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw new UsageException("'" + text + "' is no UUID");
    }
    return UUID.fromString(lower);
  }
}
