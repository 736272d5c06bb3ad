// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.Finding;

/** What is wrong with two nodes of one level that cover a position both. */
public final class NodeOverlap {
  private NodeOverlap() {}

  /**
   * A node.
   *
   * @param min first position
   * @param max last position
   * @param nodeSeq one more than that of the node it replaced, unsigned; 0 if unknown
   */
  public record Node(Bpos min, Bpos max, int nodeSeq) {}

  /**
   * The newer of the two counts: what is wrong is the other one's end, or its being there at all.
   * Source: {@code btree_check_node_boundaries}.
   */
  public static Finding finding(int btree, int level, Node before, Node node) {
    return new Finding(
        name(before, node),
        Descent.place(btree, level).at(node.max()),
        "the node begins at " + node.min() + ", inside of the one before it");
  }

  private static String name(Node before, Node node) {
    if (Integer.compareUnsigned(node.nodeSeq(), before.nodeSeq()) > 0) {
      return before.min().compareTo(node.min()) >= 0
          ? "btree_node_topology_overwritten_by_next_node"
          : "btree_node_topology_bad_max_key";
    }
    return node.max().compareTo(before.max()) <= 0
        ? "btree_node_topology_overwritten_by_prev_node"
        : "btree_node_topology_bad_min_key";
  }
}
