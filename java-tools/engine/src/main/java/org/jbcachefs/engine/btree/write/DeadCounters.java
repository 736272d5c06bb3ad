// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import org.jbcachefs.engine.btree.live.ContentCursor;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Accounting;

/**
 * Which counters a new node of the accounting btree does without: those that are zero, and of which
 * the journal says nothing any more.
 *
 * <p>A counter that is not there is as good as zero, but a recovery adds to it all that the journal
 * has of it, and to one that is there only what is newer than its version. Hence one that became
 * zero stays until no recovery would read the entry that made it so: this is a matter of nodes
 * alone, and nothing of it is journalled. Since kernels sum up counters in the same way, it goes
 * for every type of counter.
 *
 * @param neededSeq the oldest journal entry that a recovery would read, as the newest durable entry
 *     says; 0 for none of them
 */
record DeadCounters(long neededSeq) {
  private static final int SEQ_BITS = 32;

  /** Whether that node has counters. */
  static boolean mayBeIn(LiveNode node) {
    return node.btree() == BtreeId.ACCOUNTING.number() && node.level() == 0;
  }

  /** Whether a key is one. */
  boolean has(Bkey key) {
    if (neededSeq == 0 || key.type() != KeyType.ACCOUNTING.number()) {
      return false;
    }
    long seq = (long) key.versionHi() << SEQ_BITS | key.versionLo() >>> SEQ_BITS;
    return Long.compareUnsigned(seq, neededSeq) < 0 && isZero(key);
  }

  private static boolean isZero(Bkey key) {
    for (int i = 0; i < Accounting.counters(key); i++) {
      if (Accounting.counter(key, i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** The most bytes that the keys of a content take in a new node which does without these. */
  long liveBytes(LiveNode node, NodeContent content) {
    return mayBeIn(node) ? bytes(content, false) : content.liveBytes();
  }

  /** The most bytes that these take in a content of the accounting btree. */
  long deadBytes(NodeContent content) {
    return bytes(content, true);
  }

  private long bytes(NodeContent content, boolean dead) {
    BkeyFormat format =
        content.written() == null ? BkeyFormat.FULL : content.written().decoded().format();
    long bytes = 0;
    ContentCursor cursor = new ContentCursor(content, Bpos.MIN);
    while (cursor.next()) {
      if (has(cursor.key()) == dead) {
        bytes += NodePieces.packedBytes(format, cursor.key());
      }
    }
    return bytes;
  }
}
