// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import java.io.IOException;
import java.nio.file.Path;
import org.jbcachefs.block.testing.Command;

/** A loop device over an image file, as root, by losetup(8) and blockdev(8). */
final class LoopDevice implements AutoCloseable {
  private final Path path;

  private LoopDevice(Path path) {
    this.path = path;
  }

  static LoopDevice over(Path image) throws IOException {
    Path path = Path.of(Command.output("losetup", "-f"));
    Command.output("losetup", path.toString(), image.toString());
    return new LoopDevice(path);
  }

  Path path() {
    return path;
  }

  /** Lets it have the size that its file has now. */
  void noticeSize() throws IOException {
    Command.output("losetup", "-c", path.toString());
  }

  void setReadOnly(boolean readOnly) throws IOException {
    Command.output("blockdev", readOnly ? "--setro" : "--setrw", path.toString());
  }

  @Override
  public void close() throws IOException {
    Command.output("losetup", "-d", path.toString());
  }
}
