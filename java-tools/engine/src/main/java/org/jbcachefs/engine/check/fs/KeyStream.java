// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

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

  /**
   * The keys of the inodes from {@code first} to {@code last}, both included, as unsigned numbers.
   */
  KeyStream(CheckContext context, BtreeId btree, long first, long last, Findings findings) {
    this.byOffset = btree == BtreeId.INODES || btree == BtreeId.DELETED_INODES;
    this.keys = context.keys(btree, start(first), end(last), findings);
    this.ready = keys.next();
  }

  private Bpos start(long inode) {
    return byOffset ? Bpos.of(0, inode) : Bpos.of(inode, 0);
  }

  private Bpos end(long inode) {
    return byOffset ? new Bpos(0, inode, -1) : new Bpos(inode, -1, -1);
  }

  /** Whether there is a key, which {@link #key} then gives. */
  boolean ready() {
    return ready;
  }

  /** Whether the next key belongs to that inode. */
  boolean isAt(long inode) {
    return ready && inode() == inode;
  }

  /** The inode that the next key belongs to. */
  long inode() {
    return byOffset ? keys.key().offset() : keys.key().inode();
  }

  Bkey key() {
    return keys.key();
  }

  void advance() {
    ready = keys.next();
  }

  /** Goes to the first key of that inode or of one behind it. */
  void seek(long inode) {
    keys.seek(start(inode));
    ready = keys.next();
  }

  @Override
  public void close() {
    keys.close();
  }
}
