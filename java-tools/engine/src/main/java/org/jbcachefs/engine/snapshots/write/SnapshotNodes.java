// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots.write;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Shape;
import org.jbcachefs.format.value.Snapshot;
import org.jbcachefs.format.value.SnapshotTree;
import org.jbcachefs.format.value.Value;

/**
 * Nodes of snapshot trees in a transaction. New ids lie below all that there are, so that parents
 * are above their children. Source: {@code bch2_snapshot_node_create}, {@code
 * bch2_snapshot_node_delete}.
 */
public final class SnapshotNodes {
  private static final long LAST_ID = 0xffffffffL;

  private final Transaction transaction;
  private final SnapshotTable table;
  private final RandomGenerator random;
  private final long now;
  private final boolean states;
  private final Map<Integer, Snapshot> changed = new TreeMap<>(Integer::compareUnsigned);

  /**
   * @param now as inodes store times
   * @param states whether nodes have state words, and tombstones keep their links, as since 1.39
   */
  public SnapshotNodes(
      Transaction transaction,
      SnapshotTable table,
      RandomGenerator random,
      long now,
      boolean states) {
    this.states = states;
    this.transaction = transaction;
    this.table = table;
    this.random = random;
    this.now = now;
  }

  /** The snapshots as they will be. */
  public SnapshotTable table() {
    return table.with(changed);
  }

  /** Makes a tree of one node for a new subvolume; the node's id. */
  public int createTree(int subvolume) {
    int tree = (int) lastOffset(BtreeId.SNAPSHOT_TREES) + 1;
    int id = lowestId() - 1;
    requireId(id);
    SnapshotTree value = new SnapshotTree(subvolume, id, Shape.of(SnapshotTree.BYTES));
    put(BtreeId.SNAPSHOT_TREES, tree, KeyType.SNAPSHOT_TREE, value);
    put(id, node(0, subvolume, tree, 0));
    return id;
  }

  /** Makes two children of a leaf, the first one for the new subvolume; their ids descend. */
  public int[] createChildren(int parent, int newSubvolume, int oldSubvolume) {
    Snapshot above = require(parent);
    if (above.child0() != 0 || above.child1() != 0) {
      throw new IllegalStateException(
          "snapshot " + Integer.toUnsignedString(parent) + " is no leaf");
    }
    int first = lowestId() - 1;
    int second = first - 1;
    requireId(second);
    int depth = above.depth() + 1;
    put(first, node(parent, newSubvolume, above.tree(), depth));
    put(second, node(parent, oldSubvolume, above.tree(), depth));
    Snapshot inner = above.linked(above.parent(), first, second, 0);
    put(parent, inner.inState(Snapshot.STATE_LIVE, states));
    return new int[] {first, second};
  }

  private static void requireId(int id) {
    if (id == 0) {
      throw new PosixException(PosixError.ENOSPC, "no snapshot id is left");
    }
  }

  private Snapshot node(int parent, int subvolume, int tree, int depth) {
    int[] skip = {ancestor(parent), ancestor(parent), ancestor(parent)};
    long[] sorted =
        java.util.stream.IntStream.of(skip).mapToLong(Integer::toUnsignedLong).sorted().toArray();
    Snapshot node =
        new Snapshot(
            0,
            parent,
            0,
            0,
            subvolume,
            tree,
            depth,
            (int) sorted[0],
            (int) sorted[1],
            (int) sorted[2],
            now,
            0,
            0,
            Shape.of(Snapshot.BYTES_WITHOUT_STATE));
    return node.inState(Snapshot.STATE_LIVE, states);
  }

  /** That node, or some ancestor of it: where a search for ancestors may jump to. */
  private int ancestor(int id) {
    if (id == 0 || table.parent(id) == 0) {
      return id;
    }
    int[] lineage = table.lineage(id);
    return lineage[random.nextInt(lineage.length - 1)];
  }

  /** The node of that id; IllegalStateException if there is none. */
  public Snapshot require(int id) {
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(0, Integer.toUnsignedLong(id));
    boolean there =
        transaction.lookup(BtreeId.SNAPSHOTS, pos, key) && key.type() == KeyType.SNAPSHOT.number();
    if (!there) {
      throw new IllegalStateException("there is no snapshot " + Integer.toUnsignedString(id));
    }
    return Snapshot.decode(key);
  }

  private int lowestId() {
    try (KeyIterator keys =
        transaction.iterate(BtreeId.SNAPSHOTS, Bpos.of(0, 1), Bpos.of(0, LAST_ID))) {
      return keys.next() ? (int) keys.key().offset() : 0;
    }
  }

  private long lastOffset(BtreeId btree) {
    long last = 0;
    try (KeyIterator keys = transaction.iterate(btree, Bpos.MIN, Bpos.of(0, LAST_ID))) {
      while (keys.next()) {
        last = keys.key().offset();
      }
    }
    return last;
  }

  private void put(int id, Snapshot node) {
    changed.put(id, node);
    put(BtreeId.SNAPSHOTS, Integer.toUnsignedLong(id), KeyType.SNAPSHOT, node);
  }

  private void put(BtreeId btree, long offset, KeyType type, Value value) {
    MemorySegment bytes = MemorySegment.ofArray(new long[value.bytes() / Long.BYTES]);
    value.encode(bytes, 0);
    Bkey key = new Bkey().setPos(0, offset, 0).setType(type.number());
    transaction.update(btree, key.setValue(bytes, 0, value.bytes()));
  }

  /**
   * No subvolume shows the node any more: its keys are to be deleted. Since 1.39 it goes on naming
   * the subvolume, of which a tombstone is left until the node goes.
   */
  public void markDying(int id) {
    Snapshot node = require(id);
    Snapshot named = states ? node : node.linked(node.parent(), node.child0(), node.child1(), 0);
    put(id, named.inState(Snapshot.STATE_WILL_DELETE, states));
    if (treeOf(node).masterSubvolume() == node.subvolume()) {
      putTree(node.tree(), new SnapshotTree(0, treeOf(node).rootSnapshot(), treeOf(node).shape()));
    }
  }

  /** The keys of an inner node with one child that is left have become its child's. */
  public void markWithoutKeys(int id) {
    Snapshot node = require(id);
    Snapshot unnamed = node.linked(node.parent(), node.child0(), node.child1(), 0);
    put(id, unnamed.inState(Snapshot.STATE_NO_KEYS, states));
  }

  /**
   * Takes a leaf without keys out of its tree; what is left of its subvolume goes with it.
   *
   * @param tombstone whether the node stays, marked as deleted; since 1.39 with its links
   */
  public void delete(int id, boolean tombstone) {
    Snapshot node = require(id);
    if (node.child0() != 0 || node.child1() != 0) {
      throw new IllegalStateException("snapshot " + Integer.toUnsignedString(id) + " has children");
    }
    if (node.parent() != 0) {
      Snapshot parent = require(node.parent());
      int left = parent.child0() == id ? parent.child1() : parent.child0();
      put(node.parent(), parent.linked(parent.parent(), left, 0, parent.subvolume()));
    } else {
      transaction.delete(BtreeId.SNAPSHOT_TREES, Bpos.of(0, Integer.toUnsignedLong(node.tree())));
    }
    if (node.subvolume() != 0 && states) {
      transaction.delete(BtreeId.SUBVOLUMES, Bpos.of(0, Integer.toUnsignedLong(node.subvolume())));
    }
    if (tombstone) {
      put(id, states ? linkedTombstone(node) : tombstone(node));
    } else {
      transaction.delete(BtreeId.SNAPSHOTS, Bpos.of(0, Integer.toUnsignedLong(id)));
    }
  }

  private Snapshot linkedTombstone(Snapshot node) {
    return node.linked(node.parent(), node.child0(), node.child1(), 0)
        .placed(0, 0, 0, 0)
        .inState(Snapshot.STATE_DELETED, true);
  }

  private static Snapshot tombstone(Snapshot node) {
    return new Snapshot(
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            node.btimeLo(),
            node.btimeHi(),
            node.state(),
            node.shape())
        .inState(Snapshot.STATE_DELETED, false);
  }

  private SnapshotTree treeOf(Snapshot node) {
    Bkey key = new Bkey();
    Bpos pos = Bpos.of(0, Integer.toUnsignedLong(node.tree()));
    if (!transaction.lookup(BtreeId.SNAPSHOT_TREES, pos, key)) {
      throw new IllegalStateException("there is no snapshot tree " + node.tree());
    }
    return SnapshotTree.decode(key);
  }

  private void putTree(int tree, SnapshotTree value) {
    put(BtreeId.SNAPSHOT_TREES, Integer.toUnsignedLong(tree), KeyType.SNAPSHOT_TREE, value);
  }
}
