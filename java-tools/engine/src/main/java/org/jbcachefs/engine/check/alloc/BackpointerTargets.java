// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.alloc.Backpointers;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.value.Backpointer;

/** Finds what a backpointer points back to. Belongs to one thread. */
final class BackpointerTargets {
  private final CheckContext context;
  private final Findings findings;
  private final Backpointers wanted;
  private final Bkey target = new Bkey();
  private boolean unreadable;

  BackpointerTargets(AllocationSums sums, Findings findings) {
    this.context = sums.context();
    this.findings = findings;
    this.wanted = sums.backpointers();
  }

  /** Whether the target is there and has a pointer that asks for exactly this backpointer. */
  boolean matches(Bkey backpointer) {
    Backpointer value = Backpointer.decode(backpointer);
    return find(value) && asksFor(backpointer, value);
  }

  /** Whether the target could not be read, so that nothing is known. */
  boolean unreadable() {
    return unreadable;
  }

  /** The target that was found last. */
  Bkey target() {
    return target;
  }

  /** Looks for the key pointed back to; false if it is not there. */
  boolean find(Backpointer value) {
    unreadable = false;
    try {
      return value.level() == 0
          ? context.btrees().lookup(value.btree(), value.pos(), target)
          : findNode(value);
    } catch (CorruptionException e) {
      context.unreadable(e, findings);
      unreadable = true;
      return false;
    }
  }

  private boolean findNode(Backpointer value) {
    int root = context.btrees().rootLevel(value.btree());
    if (value.level() == root + 1) {
      BtreeRoot key = context.filesystem().journal().overlay().root(value.btree());
      boolean there = key != null && key.key() != null && key.key().pos().equals(value.pos());
      if (there) {
        target.set(key.key());
      }
      return there;
    }
    if (value.level() > root) {
      return false;
    }
    Bpos pos = value.pos();
    try (KeyIterator keys = context.btrees().iterate(value.btree(), value.level(), pos, pos)) {
      boolean there = keys.next();
      if (there) {
        target.set(keys.key());
      }
      return there;
    }
  }

  private boolean asksFor(Bkey backpointer, Backpointer value) {
    wanted.of(target, value.btree(), value.level());
    while (wanted.next()) {
      if (wanted.inode() == backpointer.inode()
          && wanted.offset() == backpointer.offset()
          && wanted.matches(backpointer)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the target's btree has ranges that could not be read, where it may have been. */
  boolean mayBeLost(Backpointer value) {
    return unreadable
        || context.damaged().mayLack(value.btree(), value.pos(), value.pos())
        || (value.level() > 0 && context.damaged().anyPointers());
  }
}
