// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many CPUs the kernel has room for: each has a queue of its own in FUSE over io_uring. */
final class PossibleCpus {
  private static final Path LIST = Path.of("/sys/devices/system/cpu/possible");

  private PossibleCpus() {}

  static int count() throws IOException {
    return parse(Files.readString(LIST));
  }

  /** The highest number of a list such as "0-3,8-11", plus one. */
  static int parse(String list) throws IOException {
    int highest = -1;
    for (String range : list.strip().split(",", -1)) {
      String last = range.substring(range.indexOf('-') + 1);
      if (last.isEmpty() || last.length() > 6 || !last.chars().allMatch(Character::isDigit)) {
        throw new IOException(LIST + ": not a list of CPUs: " + list.strip());
      }
      highest = Math.max(highest, Integer.parseInt(last));
    }
    return highest + 1;
  }
}
