// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.function.UnaryOperator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Each backpointer has the pointer that it points back to, those included that nobody follows:
 * sound filesystems that were upgraded have such. Run only if it is asked for; the harmful ones are
 * found by {@link CheckExtentsToBackpointers}.
 */
public final class CheckBackpointersToExtents implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_BACKPOINTERS_TO_EXTENTS;
  }

  @Override
  public boolean onRequest() {
    return true;
  }

  @Override
  public void run(CheckContext context) {
    AllocationSums.forEach(
        context,
        null,
        UnaryOperator.identity(),
        sums -> new SuperfluousBackpointers(context, sums).all());
  }
}
