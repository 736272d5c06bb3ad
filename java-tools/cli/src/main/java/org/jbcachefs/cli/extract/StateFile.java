// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * {@code DEST/.jbcachefs-extract}: what is being extracted here and how much of it is safely on
 * disk. First line: "jbcachefs-extract 1" and what is extracted; each further line: "done" and a
 * number of names in the order of the walk; the last one counts. Removed on success.
 */
final class StateFile {
  static final String NAME = ".jbcachefs-extract";

  private static final String MAGIC = "jbcachefs-extract 1 ";
  private static final String DONE = "done ";

  private final Path path;
  private final String what;
  private long reached;

  /**
   * @param what names the filesystem and the tree in it; one line
   */
  StateFile(Path destination, String what) {
    this.path = destination.resolve(NAME);
    this.what = what;
  }

  /** Whether an earlier extraction left its state here. */
  boolean exists() {
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** Begins anew. */
  void create() throws IOException {
    Files.deleteIfExists(path);
    Files.writeString(path, MAGIC + what + "\n", StandardOpenOption.CREATE_NEW);
  }

  /** Goes on with what an earlier extraction left; false if that was of something else. */
  boolean resume() throws IOException {
    List<String> lines = Files.readAllLines(path, StandardCharsets.UTF_8);
    if (lines.isEmpty() || !lines.getFirst().equals(MAGIC + what)) {
      return false;
    }
    for (String line : lines) {
      if (line.matches(DONE + "[0-9]{1,18}")) {
        reached = Long.parseLong(line.substring(DONE.length()));
      }
    }
    return true;
  }

  /** How many names the earlier extraction had done. */
  long reached() {
    return reached;
  }

  /** Writes down that so many names are on disk. */
  void reached(long names) throws IOException {
    if (names > reached) {
      reached = names;
      Files.writeString(path, DONE + names + "\n", StandardOpenOption.APPEND);
    }
  }

  void remove() throws IOException {
    Files.deleteIfExists(path);
  }
}
