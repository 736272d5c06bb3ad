// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import org.jbcachefs.format.bytes.Le;

/**
 * The bytes between the end of a bset's keys and the next block: no checksum covers them, writers
 * fill them with zeros. Readers need not care; who looks for rotten bits does.
 */
public final class NodePadding {
  private NodePadding() {}

  /** Byte offset in the node of the first padding byte that is not zero, or -1. */
  public static int firstNonZero(NodeContext context, DecodedNode node) {
    for (DecodedNode.BsetInfo bset : node.bsetInfos()) {
      long next = Math.min(context.roundUp(bset.end()), node.bytes().byteSize());
      for (int at = bset.end(); at < next; at++) {
        if (Le.u8(node.bytes(), at) != 0) {
          return at;
        }
      }
    }
    return -1;
  }
}
