// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * The keys of a btree that is looked through alongside of another one: always at the first key at
 * or behind a position that only grows. Belongs to one thread.
 */
final class SideKeys implements AutoCloseable {
  private final CheckContext context;
  private final BtreeId btree;
  private final Findings findings;
  private CheckKeys keys;
  private boolean there;

  SideKeys(CheckContext context, BtreeId btree, Findings findings) {
    this.context = context;
    this.btree = btree;
    this.findings = findings;
  }

  /** The first key at or behind that position; null if there is none. */
  Bkey atOrBehind(long inode, long offset) {
    if (keys == null) {
      keys = context.keys(btree, Bpos.of(inode, offset), Bpos.MAX, findings);
      there = keys.next();
    }
    while (there && keys.key().comparePos(inode, offset, 0) < 0) {
      there = keys.next();
    }
    return there ? keys.key() : null;
  }

  /** Whether keys between two positions may be lost. */
  boolean mayLack(long inode, long from, long to) {
    return context.damaged().mayLack(btree.number(), Bpos.of(inode, from), Bpos.of(inode, to));
  }

  @Override
  public void close() {
    if (keys != null) {
      keys.close();
    }
  }
}
