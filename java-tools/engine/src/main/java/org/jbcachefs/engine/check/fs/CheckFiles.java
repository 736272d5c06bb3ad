// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.List;
import java.util.stream.Stream;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.tables.RecoveryPass;

/** A pass that reports its share of what one look through all files found. */
public final class CheckFiles implements CheckPass {
  /**
   * Found of files whose size is no number of bytes that a file can have; the format has no error.
   */
  public static final String SIZE_TOO_LARGE = "inode_size_too_large";

  private final RecoveryPass pass;

  private CheckFiles(RecoveryPass pass) {
    this.pass = pass;
  }

  /** The passes that share that look. */
  public static List<CheckPass> passes() {
    return Stream.of(
            RecoveryPass.CHECK_INODES,
            RecoveryPass.CHECK_EXTENTS,
            RecoveryPass.CHECK_DIRENTS,
            RecoveryPass.CHECK_XATTRS,
            RecoveryPass.CHECK_UNREACHABLE_INODES,
            RecoveryPass.CHECK_NLINKS)
        .<CheckPass>map(CheckFiles::new)
        .toList();
  }

  @Override
  public RecoveryPass pass() {
    return pass;
  }

  @Override
  public void run(CheckContext context) {
    FilesCheck.of(context).findings().release(context);
  }
}
