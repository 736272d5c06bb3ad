// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;

/** What commands change of a mounted filesystem. */
public interface MountedChanges {
  WritableFilesystem filesystem();

  WritableTree tree();

  /**
   * Something has changed that the kernel does not know of: it forgets what it keeps of a
   * directory, and what a name in it leads to.
   */
  void changed(FileId directory, byte[] name);

  /** The kernel writes what it has of a file's contents, and forgets them. */
  void forgetContents(FileId file);
}
