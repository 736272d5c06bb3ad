// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.FileId;

/**
 * One name to extract that is no directory.
 *
 * @param number its place in the order of the walk
 */
record ExtractTask(DirectoryNode directory, byte[] name, FileId file, long number) {
  /** Its path in the image. */
  byte[] path() {
    return BytePath.join(directory.path(), name);
  }

  /** The same for messages. */
  String shown() {
    return Names.printableString(path());
  }
}
