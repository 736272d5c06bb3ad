// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.engine.btree.live.Tail;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.commit.InteriorChange;
import org.jbcachefs.engine.commit.InteriorTransaction;
import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Neighbouring nodes replaced by new ones that hold the same keys: a rewrite, a split, a merge, a
 * new root. Written first, then made reachable by one transaction, which frees the old ones.
 *
 * <p>Keys that arrive in the old nodes while the new ones are being written move on in memory, with
 * the sequence numbers that they are pinned under.
 */
final class NodeReplacement {
  private final LiveBtrees btrees;
  private final Committer committer;
  private final JournalPins<LiveNode> pins;
  private final NodeSettings settings;
  private final NodeStorage storage;
  private final List<LiveNode> old;
  private final List<NodeContent> contents = new ArrayList<>();
  private final DeadCounters dead;
  private final List<NewNode> made = new ArrayList<>();
  private final LiveNode first;
  private NewNode newRoot;

  /**
   * @param old neighbours of one level, in order, all busy on behalf of this
   * @param contents what each of them held when its write began
   * @param dead keys that are left out
   */
  NodeReplacement(
      LiveBtrees btrees,
      Committer committer,
      JournalPins<LiveNode> pins,
      NodeSettings settings,
      NodeStorage storage,
      List<LiveNode> old,
      List<NodeContent> contents,
      DeadCounters dead) {
    this.btrees = btrees;
    this.committer = committer;
    this.pins = pins;
    this.settings = settings;
    this.storage = storage;
    this.old = List.copyOf(old);
    this.contents.addAll(contents);
    this.dead = dead;
    this.first = old.getFirst();
  }

  /**
   * Writes the new nodes and commits.
   *
   * @param journalSeq the newest sequence number of any key in them
   */
  void run(long journalSeq) {
    boolean done = false;
    try {
      write(journalSeq);
      commit();
      done = true;
    } finally {
      made.forEach(NewNode::release);
      if (newRoot != null) {
        newRoot.release();
      }
      if (!done) {
        giveUp();
      }
    }
  }

  private boolean isRoot() {
    return btrees.root(first.btree()) == first;
  }

  private void write(long journalSeq) {
    NodePieces pieces = new NodePieces(settings, first.btree(), first.level(), contents, dead);
    int nodeSeq = nodeSeq();
    for (NodePieces.Piece piece : pieces.cut(first.min(), old.getLast().max())) {
      NodePieces.Keys keys = pieces.keys(piece.min(), piece.max());
      NewNode.Plan plan = new NewNode.Plan(first.btree(), first.level(), nodeSeq, piece);
      made.add(NewNode.write(settings, storage, plan, keys::next, journalSeq));
    }
    if (isRoot() && made.size() > 1) {
      newRoot = writeRoot(journalSeq);
    }
    List<BtreePointer> pointers = new ArrayList<>();
    made.forEach(node -> pointers.add(node.pointer()));
    if (newRoot != null) {
      pointers.add(newRoot.pointer());
    }
    storage.mark(pointers);
  }

  /** One more than that of any node that is replaced. */
  private int nodeSeq() {
    int most = 0;
    for (NodeContent content : contents) {
      if (content.written() != null) {
        int seq = content.written().decoded().nodeSeq();
        most = Integer.compareUnsigned(seq, most) > 0 ? seq : most;
      }
    }
    return most + 1;
  }

  private NewNode writeRoot(long journalSeq) {
    NodePieces.Piece all = new NodePieces.Piece(Bpos.MIN, Bpos.MAX, BkeyFormat.FULL);
    NewNode.Plan plan = new NewNode.Plan(first.btree(), first.level() + 1, 1, all);
    int[] next = {0};
    return NewNode.write(
        settings,
        storage,
        plan,
        (Bkey out) ->
            next[0] == made.size() ? null : out.set(made.get(next[0]++).pointer().toKey()),
        journalSeq);
  }

  private void commit() {
    boolean root = isRoot();
    InteriorTransaction transaction =
        new InteriorTransaction(committer, name(root), new Swap(root));
    if (!root) {
      for (LiveNode node : old) {
        transaction.delete(first.btree(), first.level() + 1, node.max());
      }
      for (NewNode node : made) {
        transaction.update(first.btree(), first.level() + 1, node.pointer().toKey());
      }
    } else if (newRoot != null) {
      for (NewNode node : made) {
        transaction.pointerInNewNode(node.pointer());
      }
    }
    transaction.commit();
    count(root);
  }

  private void count(boolean root) {
    Activity activity = storage.activity();
    activity.count(kind());
    activity.add(PersistentCounter.BTREE_NODE_FREE, old.size());
    if (root) {
      activity.count(PersistentCounter.BTREE_NODE_SET_ROOT);
    }
  }

  private PersistentCounter kind() {
    if (made.size() == old.size()) {
      return PersistentCounter.BTREE_NODE_COMPACT;
    }
    return made.size() < old.size()
        ? PersistentCounter.BTREE_NODE_MERGE
        : PersistentCounter.BTREE_NODE_SPLIT;
  }

  private String name(boolean root) {
    if (made.size() == old.size()) {
      return "btree_node_rewrite";
    }
    return made.size() < old.size()
        ? "btree_node_merge"
        : root ? "btree_root_split" : "btree_split";
  }

  /** Others go on with the old nodes. */
  private void giveUp() {
    btrees.lock().lock();
    try {
      old.forEach(LiveNode::abortWrite);
    } finally {
      btrees.lock().unlock();
    }
  }

  /** The change in memory. */
  private final class Swap implements InteriorChange {
    private final boolean root;

    private Swap(boolean root) {
      this.root = root;
    }

    @Override
    public BtreePointer oldRoot() {
      return root ? first.pointer() : null;
    }

    @Override
    public BtreePointer newRoot() {
      if (!root) {
        return null;
      }
      return newRoot != null ? newRoot.pointer() : made.getFirst().pointer();
    }

    @Override
    public void apply(long seq) {
      List<LiveNode> now = made.stream().map(NewNode::toLive).toList();
      for (int i = 0; i < old.size(); i++) {
        LiveNode node = old.get(i);
        pins.unpin(node.oldestSeq(), node);
        Tail since = node.content().tail().since(contents.get(i).tail());
        now.forEach(live -> moveOn(node, since, live));
        node.replace();
      }
      // Readers wait for no lock: they find the new nodes when these have all keys, and not before.
      now.forEach(btrees::add);
      old.forEach(btrees::remove);
      if (root) {
        setRoot(now);
      }
    }

    private void moveOn(LiveNode from, Tail since, LiveNode to) {
      Tail part = since.between(to.min(), to.max());
      to.inherit(from, part, pins);
    }

    private void setRoot(List<LiveNode> now) {
      if (newRoot == null) {
        btrees.remove(now.getFirst());
        btrees.setRoot(now.getFirst());
      } else {
        btrees.setRoot(newRoot.toLive());
      }
    }
  }
}
