// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.node.BtreePointer;

/**
 * A node that a scan of the devices found, whether or not anything points to it.
 *
 * @param btree number
 * @param level 0 for leaves
 * @param nodeSeq one more than that of the node it replaced, unsigned
 * @param journalSeq newest journal sequence number of its bsets
 * @param seq the random number of its bsets: copies of one node have it in common
 * @param minKey first position
 * @param maxKey last position
 * @param sectors how far it is written
 * @param oldPointer it holds bsets that do not count, so it must be read as by a pointer that does
 *     not say how far it is written
 * @param damaged not all that is written could be read
 * @param replicas where copies are
 */
public record FoundNode(
    int btree,
    int level,
    int nodeSeq,
    long journalSeq,
    long seq,
    Bpos minKey,
    Bpos maxKey,
    int sectors,
    boolean oldPointer,
    boolean damaged,
    List<BtreePointer.Replica> replicas) {

  public FoundNode {
    replicas = List.copyOf(replicas);
  }

  /** Positive if this one was written after the other, as far as one can tell. */
  int compareAge(FoundNode other) {
    int order = Integer.compareUnsigned(nodeSeq, other.nodeSeq);
    return order != 0 ? order : Long.compareUnsigned(journalSeq, other.journalSeq);
  }

  /** The same node with copies of both; the one that is written further counts. */
  FoundNode withCopies(FoundNode other) {
    boolean otherIsLonger = other.sectors > sectors;
    FoundNode longer = otherIsLonger ? other : this;
    FoundNode shorter = otherIsLonger ? this : other;
    List<BtreePointer.Replica> all = new ArrayList<>(longer.replicas);
    all.addAll(shorter.replicas);
    int count = Math.min(all.size(), BtreePointer.MAX_REPLICAS);
    return new FoundNode(
        btree,
        level,
        nodeSeq,
        longer.journalSeq,
        seq,
        minKey,
        maxKey,
        longer.sectors,
        longer.oldPointer,
        longer.damaged,
        all.subList(0, count));
  }

  /** A pointer to it, for a part of its range. */
  public BtreePointer pointer(Bpos from, Bpos to) {
    int written = oldPointer || damaged ? 0 : sectors;
    return new BtreePointer(btree, level, from, to, seq, written, true, replicas);
  }
}
