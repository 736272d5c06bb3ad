// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.commit;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.live.LiveKey;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;

/**
 * A transaction of the btrees' own: pointers to nodes change, and with them the nodes in memory.
 * May use the room that is kept for such work. Belongs to one thread, used once.
 */
public final class InteriorTransaction {
  private final Transaction transaction;
  private final List<BtreePointer> inNewNodes = new ArrayList<>(0);

  public InteriorTransaction(Committer committer, String name, InteriorChange change) {
    transaction = committer.begin(name).forReclaim();
    transaction.interior(change);
    transaction.pointersInNewNodes(inNewNodes);
  }

  /** Puts a pointer at its position of a level above 0. */
  public void update(int btree, int level, Bkey pointer) {
    transaction.put(btree, level, new LiveKey(pointer));
  }

  /** Deletes the pointer at that position. */
  public void delete(int btree, int level, Bpos pos) {
    transaction.put(btree, level, LiveKey.deletion(pos));
  }

  /** A pointer that is written in a node that comes with this: it is no change of a key. */
  public void pointerInNewNode(BtreePointer pointer) {
    inNewNodes.add(pointer);
  }

  /** Carries it out; the journal sequence number. */
  public long commit() {
    return transaction.commit();
  }
}
