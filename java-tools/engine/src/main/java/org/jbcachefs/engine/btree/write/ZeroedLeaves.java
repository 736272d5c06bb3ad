// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.format.bkey.Bpos;

/**
 * Leaves of the accounting btree in which counters became zero, by their ranges, since other nodes
 * may have taken their place. Belongs to the holder of the commit lock.
 */
final class ZeroedLeaves {
  private final Map<Leaf, Long> newest = new LinkedHashMap<>();
  private volatile boolean empty = true;
  private long newestSeq;
  private long seen;

  /** The range of one. */
  record Leaf(Bpos min, Bpos max) {}

  /** A counter in that leaf became zero in that journal entry. */
  void add(LiveNode node, long seq) {
    newest.put(new Leaf(node.min(), node.max()), seq);
    newestSeq = seq;
    empty = false;
  }

  /** Whether there are none; without the lock. */
  boolean isEmpty() {
    return empty;
  }

  /** The newest entry in which a counter became zero. */
  long newestSeq() {
    return newestSeq;
  }

  /** Whether the journal is where it was when that was asked last. */
  boolean isIdle(long journalSeq) {
    boolean idle = seen == journalSeq;
    seen = journalSeq;
    return idle;
  }

  /** Takes out those in which all that became zero did so in entries older than that one. */
  List<Leaf> take(long neededSeq) {
    List<Leaf> taken = new ArrayList<>();
    Iterator<Map.Entry<Leaf, Long>> each = newest.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Leaf, Long> entry = each.next();
      if (Long.compareUnsigned(entry.getValue(), neededSeq) < 0) {
        taken.add(entry.getKey());
        each.remove();
      }
    }
    empty = newest.isEmpty();
    return taken;
  }
}
