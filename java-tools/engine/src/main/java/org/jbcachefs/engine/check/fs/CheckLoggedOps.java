// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;

/** A filesystem that was shut down cleanly has no operation that is still to be finished. */
public final class CheckLoggedOps implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.RESUME_LOGGED_OPS;
  }

  @Override
  public void run(CheckContext context) {
    boolean clean = context.filesystem().journal().clean();
    context.scan(
        BtreeId.LOGGED_OPS,
        findings ->
            key -> {
              if (clean && key.inode() == 0) {
                String what = "the filesystem is clean, but there is an unfinished operation";
                findings.report(
                    CheckFinding.of(FsckError.LOGGED_OP_BUT_CLEAN, what)
                        .at(BtreeId.LOGGED_OPS, key)
                        .expected("none")
                        .found(KeyType.nameOf(key.type())));
              }
            });
  }
}
