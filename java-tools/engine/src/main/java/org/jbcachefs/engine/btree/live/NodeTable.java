// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.format.node.BtreePointer;

/**
 * The nodes in memory, by what their pointers say of them. Looking one up is free to everyone;
 * adding and removing belongs to the holder of the commit lock.
 */
final class NodeTable {
  /**
   * A node stays until so many others came after it was used, however little memory there is: a
   * commit needs all of its nodes at the same time, and what it waits for is read one by one.
   */
  private static final int KEPT_ADDITIONS = 64;

  private final ConcurrentHashMap<Id, LiveNode> nodes = new ConcurrentHashMap<>();
  private final long capacityBytes;
  private final AtomicLong clock = new AtomicLong(1);
  private long heldBytes;

  /** A node's random number, which old pointers lack, and its first place. */
  private record Id(long seq, int device, long sector) {
    static Id of(BtreePointer pointer) {
      BtreePointer.Replica first = pointer.replicas().getFirst();
      return new Id(pointer.seq(), first.device(), first.sector());
    }
  }

  NodeTable(long capacityBytes) {
    this.capacityBytes = capacityBytes;
  }

  /** The node, or null if it is not in memory. */
  LiveNode get(BtreePointer pointer) {
    LiveNode node = nodes.get(Id.of(pointer));
    if (node != null) {
      node.used(clock.get());
    }
    return node;
  }

  void add(LiveNode node) {
    node.used(clock.incrementAndGet());
    nodes.put(Id.of(node.pointer()), node);
    heldBytes += bytes(node);
  }

  void remove(LiveNode node) {
    if (nodes.remove(Id.of(node.pointer()), node)) {
      heldBytes -= bytes(node);
    }
  }

  /** A node became larger or smaller. */
  void resized(long byBytes) {
    heldBytes += byBytes;
  }

  static long bytes(LiveNode node) {
    return node.content().written() == null ? 0 : node.content().written().heldBytes();
  }

  boolean isTooLarge() {
    return heldBytes > capacityBytes;
  }

  /** Lets go of nodes that were not used for long, down to seven eighths of the capacity. */
  void shrink() {
    List<LiveNode> idle = new ArrayList<>();
    long recent = clock.get() - KEPT_ADDITIONS;
    for (LiveNode node : nodes.values()) {
      if (node.lastUse() <= recent
          && !node.busy()
          && node.oldestSeq() == 0
          && node.content().tail().isEmpty()) {
        idle.add(node);
      }
    }
    idle.sort(Comparator.comparingLong(LiveNode::lastUse));
    for (LiveNode node : idle) {
      if (heldBytes <= capacityBytes - capacityBytes / 8) {
        return;
      }
      remove(node);
    }
  }

  int size() {
    return nodes.size();
  }
}
