// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.function.ToLongFunction;

/**
 * Sizes of files in bytes, for readers that ask for the same file's again and again: each thread
 * remembers the one it asked for last. For filesystems that do not change. Thread-safe.
 */
public final class FileSizes implements ToLongFunction<FileId> {
  private static final class Last {
    private FileId file;
    private long size;
  }

  private final InodeSource inodes;
  private final ThreadLocal<Last> last = ThreadLocal.withInitial(Last::new);

  public FileSizes(InodeSource inodes) {
    this.inodes = inodes;
  }

  @Override
  public long applyAsLong(FileId file) {
    Last known = last.get();
    if (known.file == null || !same(known.file, file)) {
      known.size = inodes.get(file).size();
      known.file = file;
    }
    return known.size;
  }

  private static boolean same(FileId a, FileId b) {
    return a.inode() == b.inode() && a.snapshot() == b.snapshot();
  }
}
