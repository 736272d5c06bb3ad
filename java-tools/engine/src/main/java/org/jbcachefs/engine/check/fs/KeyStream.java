// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.function.Consumer;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckKeys;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * The keys of a btree that belong to a range of inodes, one ahead, so that streams can be merged.
 */
final class KeyStream implements AutoCloseable {
  private final CheckKeys keys;
  private final boolean byOffset;
  private boolean ready;

  /** What comes next of one place, where keys are shown as they will be; else null. */
  private Deque<Bkey> shown;

  private MovedKeys moved;
  private Consumer<Bkey> raw = _ -> {};

  /**
   * The keys of the inodes from {@code first} to {@code last}, both included, as unsigned numbers.
   */
  KeyStream(CheckContext context, BtreeId btree, long first, long last, Findings findings) {
    this.byOffset = btree == BtreeId.INODES || btree == BtreeId.DELETED_INODES;
    this.keys = context.keys(btree, start(first), end(last), findings);
    this.ready = keys.next();
  }

  /** Shows keys as they are once what is being cleaned up is: see {@link MovedKeys}. */
  KeyStream withMoved(Map<Integer, Integer> moving) {
    if (!moving.isEmpty()) {
      shown = new ArrayDeque<>();
      moved = new MovedKeys(moving, shown::add);
      fill();
    }
    return this;
  }

  /** From now on, and for the current key, that is told of each key as it is stored. */
  KeyStream telling(Consumer<Bkey> listener) {
    raw = listener;
    if (ready) {
      raw.accept(keys.key());
    }
    return this;
  }

  /** Takes keys until something is there to be shown. */
  private void fill() {
    while (shown.isEmpty() && ready) {
      moved.add(keys.key());
      step();
      if (!ready) {
        moved.end();
      }
    }
  }

  private void step() {
    ready = keys.next();
    if (ready) {
      raw.accept(keys.key());
    }
  }

  private Bpos start(long inode) {
    return byOffset ? Bpos.of(0, inode) : Bpos.of(inode, 0);
  }

  private Bpos end(long inode) {
    return byOffset ? new Bpos(0, inode, -1) : new Bpos(inode, -1, -1);
  }

  /** Whether there is a key, which {@link #key} then gives. */
  boolean ready() {
    return shown == null ? ready : !shown.isEmpty();
  }

  /** Whether the next key belongs to that inode. */
  boolean isAt(long inode) {
    return ready() && inode() == inode;
  }

  /** The inode that the next key belongs to. */
  long inode() {
    return byOffset ? key().offset() : key().inode();
  }

  Bkey key() {
    return shown == null ? keys.key() : shown.element();
  }

  void advance() {
    if (shown == null) {
      step();
    } else {
      shown.remove();
      fill();
    }
  }

  /** Goes to the first key of that inode or of one behind it. */
  void seek(long inode) {
    keys.seek(start(inode));
    if (shown != null) {
      moved.end();
      shown.clear();
    }
    step();
    if (shown != null) {
      fill();
    }
  }

  @Override
  public void close() {
    keys.close();
  }
}
