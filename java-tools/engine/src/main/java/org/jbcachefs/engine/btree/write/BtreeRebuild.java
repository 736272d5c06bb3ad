// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.InteriorChange;
import org.jbcachefs.engine.commit.InteriorTransaction;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormatBuilder;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;

/**
 * A whole btree made anew of keys that were saved from a damaged one. Everything is written first;
 * one commit of the new root puts it in the place of the old one. What is kept about the space of
 * its nodes is left to those who make that anew. Belongs to one thread.
 */
public final class BtreeRebuild {
  private final LiveBtrees btrees;
  private final Committer committer;
  private final NodeSettings settings;
  private final NodeStorage storage;
  private final List<NewNode> made = new ArrayList<>();

  public BtreeRebuild(
      LiveBtrees btrees, Committer committer, NodeSettings settings, NodeStorage storage) {
    this.btrees = btrees;
    this.committer = committer;
    this.settings = settings;
    this.storage = storage;
  }

  /**
   * Makes it.
   *
   * @param keys leaf keys in order
   * @param journalSeq none of them is of a newer journal entry
   */
  public void run(int btree, KeySequence keys, long journalSeq) {
    try {
      List<NewNode> level = write(btree, 0, source(keys), journalSeq);
      for (int at = 1; level.size() > 1; at++) {
        List<NewNode> below = level;
        int[] next = {0};
        level =
            write(
                btree,
                at,
                () -> next[0] == below.size() ? null : below.get(next[0]++).pointer().toKey(),
                journalSeq);
      }
      commit(btree, level.getFirst());
    } finally {
      made.forEach(NewNode::release);
    }
  }

  /** Keys in order; null at the end. */
  private interface Source {
    Bkey next();
  }

  private static Source source(KeySequence keys) {
    return () -> keys.next() ? keys.key().copy() : null;
  }

  private List<NewNode> write(int btree, int level, Source keys, long journalSeq) {
    List<NewNode> nodes = new ArrayList<>();
    List<Bkey> batch = new ArrayList<>();
    long bytes = 0;
    Bpos from = Bpos.MIN;
    Bkey key = keys.next();
    while (true) {
      boolean last = key == null;
      long more = last ? 0 : Bkey.BYTES + key.valueBytes();
      if (last || bytes + more > settings.keyBytesWanted()) {
        Bpos to = last ? Bpos.MAX : batch.getLast().pos();
        nodes.add(node(btree, level, batch, from, to, journalSeq));
        if (last) {
          return nodes;
        }
        from = to.successor();
        batch.clear();
        bytes = 0;
      }
      batch.add(key);
      bytes += more;
      key = keys.next();
    }
  }

  private NewNode node(int btree, int level, List<Bkey> keys, Bpos from, Bpos to, long journalSeq) {
    BkeyFormatBuilder format = new BkeyFormatBuilder();
    format.add(from).add(to);
    keys.forEach(format::add);
    NodePieces.Piece piece = new NodePieces.Piece(from, to, format.build());
    int[] next = {0};
    NewNode node =
        NewNode.write(
            settings,
            storage,
            new NewNode.Plan(btree, level, 1, piece),
            out -> next[0] == keys.size() ? null : out.set(keys.get(next[0]++)),
            journalSeq);
    made.add(node);
    return node;
  }

  private void commit(int btree, NewNode root) {
    List<BtreePointer> pointers = new ArrayList<>();
    made.forEach(node -> pointers.add(node.pointer()));
    storage.mark(pointers);
    InteriorChange change =
        new InteriorChange() {
          @Override
          public BtreePointer oldRoot() {
            return null;
          }

          @Override
          public BtreePointer newRoot() {
            return root.pointer();
          }

          @Override
          public void apply(long seq) {
            LiveNode live = root.toLive();
            btrees.setRoot(live);
          }
        };
    new InteriorTransaction(committer, "fsck_btree_" + btree, change).commit();
  }
}
