// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The btrees of a filesystem that is being written to: what is on the devices and what is only
 * journalled yet, as one. Thread-safe; readers never wait for writers.
 *
 * <p>Roots stay in memory; other nodes come and go. Nodes are changed, added and removed under
 * {@link #lock} only.
 */
public final class LiveBtrees implements Btrees {
  private final NodeReader reader;
  private final NodeTable table;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicReferenceArray<LiveNode> roots =
      new AtomicReferenceArray<>(BtreeId.NUMBER_LIMIT + 1);

  /**
   * Btrees without any key.
   *
   * @param cacheBytes how much memory written nodes may take that are not in use
   */
  public LiveBtrees(NodeReader reader, long cacheBytes) {
    this.reader = reader;
    this.table = new NodeTable(cacheBytes);
    for (BtreeId btree : BtreeId.values()) {
      roots.set(btree.number(), neverWritten(btree.number(), 0));
    }
  }

  private static LiveNode neverWritten(int btree, int level) {
    return new LiveNode(btree, level, Bpos.MIN, Bpos.MAX, null, NodeContent.of(null, Tail.EMPTY));
  }

  /** Reads a root and puts it in the place of the one that was there; for opening. */
  public void loadRoot(BtreePointer pointer) {
    LiveNode node = read(pointer);
    lock.lock();
    try {
      setRoot(node);
    } finally {
      lock.unlock();
    }
  }

  /** The commit lock. */
  public ReentrantLock lock() {
    return lock;
  }

  /** How nodes are read. */
  public NodeReader reader() {
    return reader;
  }

  /** The root; null only of a btree that is not known and has none. */
  public LiveNode root(int btree) {
    return roots.get(btree);
  }

  /** Makes a node a btree's root; under the lock. */
  public void setRoot(LiveNode node) {
    roots.set(node.btree(), node);
  }

  /** Puts a node that was just written in memory; under the lock. */
  public void add(LiveNode node) {
    table.add(node);
  }

  /** Takes a node that was replaced out of memory; under the lock. */
  public void remove(LiveNode node) {
    if (node.pointer() != null) {
      table.remove(node);
    }
  }

  /** A node's written bytes in memory changed by that many; under the lock. */
  public void resized(LiveNode node, long byBytes) {
    if (roots.get(node.btree()) != node) {
      table.resized(byBytes);
    }
  }

  private LiveNode read(BtreePointer pointer) {
    BtreeNode node = reader.read(pointer);
    Bpos min = pointer.identifies() ? pointer.minKey() : node.minKey();
    NodeContent content = NodeContent.of(node, Tail.EMPTY);
    return new LiveNode(pointer.btree(), pointer.level(), min, pointer.maxKey(), pointer, content);
  }

  /**
   * The node of that level that covers a position, read if it is not in memory; null if the btree
   * has no such level.
   *
   * @throws CorruptionException if a node cannot be read, or no node covers the position
   */
  public LiveNode find(int btree, int level, Bpos pos) {
    while (true) {
      LiveNode node = roots.get(btree);
      if (node == null || node.level() < level) {
        return null;
      }
      while (node != null && node.level() > level) {
        BtreePointer pointer = leading(node, pos);
        if (pointer == null) {
          requireCovered(btree, level, pos);
          node = null;
          continue;
        }
        LiveNode next = table.get(pointer);
        node = next != null ? next : load(pointer, pos);
      }
      if (node != null) {
        return node;
      }
    }
  }

  /** A commit changes pointers one by one: only when it is over a gap between nodes is one. */
  private void requireCovered(int btree, int level, Bpos pos) {
    lock.lock();
    try {
      LiveNode node = roots.get(btree);
      while (node != null && node.level() > level) {
        node = table.get(child(node, pos));
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The same, from memory alone; under the lock.
   *
   * @throws NodeMissException if a node on the way is not in memory
   */
  public LiveNode findInMemory(int btree, int level, Bpos pos) {
    LiveNode node = roots.get(btree);
    if (node == null || node.level() < level) {
      return null;
    }
    while (node.level() > level) {
      BtreePointer pointer = child(node, pos);
      LiveNode next = table.get(pointer);
      if (next == null) {
        throw new NodeMissException(btree, node.level() - 1, pos);
      }
      node = next;
    }
    return node;
  }

  /** The pointer to the child that covers a position; null if none does. */
  private static BtreePointer leading(LiveNode parent, Bpos pos) {
    BtreePointer pointer = parent.content().child(parent.btree(), parent.level() - 1, pos);
    boolean covers =
        pointer != null && (!pointer.identifies() || pointer.minKey().compareTo(pos) <= 0);
    return covers ? pointer : null;
  }

  private static BtreePointer child(LiveNode parent, Bpos pos) {
    BtreePointer pointer = leading(parent, pos);
    if (pointer == null) {
      throw new CorruptionException(
          "btree_node_topology_gap_between_nodes",
          Place.structure(parent.toString()).at(pos),
          "no node covers " + pos);
    }
    return pointer;
  }

  /** Reads a node and keeps it in memory; null if the btree changed meanwhile. */
  private LiveNode load(BtreePointer pointer, Bpos pos) {
    LiveNode node;
    try {
      node = read(pointer);
    } catch (CorruptionException e) {
      if (isCurrent(pointer, pos)) {
        throw e;
      }
      return null;
    }
    lock.lock();
    try {
      LiveNode other = table.get(pointer);
      if (other != null || !isCurrentInMemory(pointer, pos)) {
        return other;
      }
      table.add(node);
      if (table.isTooLarge()) {
        table.shrink();
      }
      return node;
    } finally {
      lock.unlock();
    }
  }

  private boolean isCurrent(BtreePointer pointer, Bpos pos) {
    lock.lock();
    try {
      return isCurrentInMemory(pointer, pos);
    } finally {
      lock.unlock();
    }
  }

  /** Whether that pointer is still the one that leads to that position. */
  private boolean isCurrentInMemory(BtreePointer pointer, Bpos pos) {
    try {
      LiveNode parent = findInMemory(pointer.btree(), pointer.level() + 1, pos);
      return parent != null && child(parent, pos).equals(pointer);
    } catch (NodeMissException _) {
      return false;
    }
  }

  @Override
  public List<Integer> present() {
    List<Integer> present = new ArrayList<>();
    for (int btree = 0; btree < roots.length(); btree++) {
      if (rootLevel(btree) >= 0) {
        present.add(btree);
      }
    }
    return present;
  }

  @Override
  public int rootLevel(int btree) {
    LiveNode root = roots.get(btree);
    if (root == null) {
      return -1;
    }
    NodeContent content = root.content();
    return content.written() == null && content.tail().isEmpty() ? -1 : root.level();
  }

  @Override
  public KeyIterator iterate(int btree, int level, Bpos from, Bpos to) {
    return new LiveKeys(this, btree, level, from, to);
  }

  @Override
  public boolean lookup(int btree, Bpos pos, Bkey out) {
    LiveNode leaf = find(btree, 0, pos);
    return leaf != null && leaf.content().lookup(pos.inode(), pos.offset(), pos.snapshot(), out);
  }

  @Override
  public boolean lookupFast(int btree, Bpos pos, Bkey out) {
    return lookup(btree, pos, out);
  }
}
