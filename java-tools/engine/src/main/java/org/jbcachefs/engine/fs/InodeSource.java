// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.Optional;
import org.jbcachefs.format.value.Inode;

/** Where inodes come from. Thread-safe. */
public interface InodeSource {
  /** The inode of that number that a snapshot sees, if it sees one. */
  Optional<Inode> find(int snapshot, long number);

  /**
   * A file's inode.
   *
   * @throws org.jbcachefs.format.error.CorruptionException if it is missing: something names it
   */
  Inode get(FileId file);
}
