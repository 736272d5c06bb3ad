// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;

/**
 * Steps through keys and goes on behind what cannot be read: that is reported, and known to {@link
 * Damaged} before the next key is given. Allocates nothing per key; belongs to one thread.
 */
public final class CheckKeys implements AutoCloseable {
  private final CheckContext context;
  private final int btree;
  private final int level;
  private final Findings findings;
  private final KeyIterator keys;
  private final Bpos to;
  private final Bkey last = new Bkey();

  CheckKeys(CheckContext context, int btree, int level, Bpos from, Bpos to, Findings findings) {
    this.context = context;
    this.btree = btree;
    this.level = level;
    this.findings = findings;
    this.to = to;
    this.keys = context.btrees().iterate(btree, level, from, to);
    last.setPos(from);
  }

  /** Moves to the next key; false at the end. */
  public boolean next() {
    Bpos lostFrom = null;
    while (true) {
      boolean more;
      try {
        more = keys.next();
      } catch (CorruptionException e) {
        context.unreadable(e, findings);
        lostFrom = lostFrom == null ? last.pos() : lostFrom;
        continue;
      }
      if (lostFrom != null) {
        lost(lostFrom, more ? keys.key().pos() : to);
      }
      if (more) {
        Bkey key = keys.key();
        last.setPos(key.inode(), key.offset(), key.snapshot());
      }
      return more;
    }
  }

  private void lost(Bpos from, Bpos end) {
    if (level == 0) {
      context.damaged().add(btree, from, end);
    } else {
      context.damaged().addInterior();
    }
  }

  /** The current key, valid until the next step. */
  public Bkey key() {
    return keys.key();
  }

  /** The next key will be the first at or after that position. */
  public void seek(Bpos pos) {
    keys.seek(pos);
    last.setPos(pos);
  }

  @Override
  public void close() {
    keys.close();
  }
}
