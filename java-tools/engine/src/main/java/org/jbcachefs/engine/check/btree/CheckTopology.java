// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.btree;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckPass;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Reads every node of every btree: that is what finds copies that are damaged, keys that are wrong
 * by themselves, and nodes that do not meet. First of all, so that the passes behind know which
 * ranges could not be read. Source: {@code bch2_check_topology}.
 */
public final class CheckTopology implements CheckPass {
  @Override
  public RecoveryPass pass() {
    return RecoveryPass.CHECK_TOPOLOGY;
  }

  @Override
  public void run(CheckContext context) {
    LostRoots roots = new LostRoots(context);
    for (int btree : context.btrees().present()) {
      int level = context.btrees().rootLevel(btree);
      try {
        readRoot(context, btree, level);
      } catch (CorruptionException e) {
        // The other btrees are read all the same.
        roots.add(btree, e);
        continue;
      }
      for (; level >= 0; level--) {
        context.scan(btree, level, false, _ -> _ -> {});
        if (level > 0) {
          new Neighbours(context, btree, level - 1).check();
        }
      }
    }
    roots.lookForNodes();
  }

  private static void readRoot(CheckContext context, int btree, int level) {
    if (level >= 0) {
      try (KeyIterator keys = context.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
        keys.next();
      }
    }
  }
}
