// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.node.DecodedNode;

/**
 * Merges the bsets of a node into one sorted index of key offsets: of keys at one position the last
 * one of the newest bset stays, and it goes too if it is a deletion. Neighbouring bsets are merged
 * pair by pair, so that the work is keys times log bsets however they are sized.
 */
final class NodeMerge {
  private final MemorySegment bytes;
  private final BkeyFormat format;
  private int[] from;
  private int[] to;
  private int[] ends;
  private int runs;

  private NodeMerge(DecodedNode node) {
    bytes = node.bytes();
    format = node.format();
    from = node.keyOffsets();
    runs = node.bsets();
    ends = new int[runs];
    for (int bset = 0; bset < runs; bset++) {
      ends[bset] = node.bsetEnd(bset);
    }
  }

  /** The index and how many of its entries count. */
  record Index(int[] offsets, int size) {}

  static Index merge(DecodedNode node, boolean dropOutside) {
    NodeMerge merge = new NodeMerge(node);
    merge.mergeRuns(node.keyCount());
    Index index = merge.dropReplacedAndDeleted(node.keyCount());
    return dropOutside ? merge.dropOutside(index, node) : index;
  }

  private void mergeRuns(int count) {
    while (runs > 1) {
      if (to == null) {
        to = new int[count];
      }
      int merged = 0;
      for (int run = 0; run < runs; run += 2) {
        int start = run == 0 ? 0 : ends[run - 1];
        if (run + 1 < runs) {
          mergePair(start, ends[run], ends[run + 1]);
          ends[merged++] = ends[run + 1];
        } else {
          System.arraycopy(from, start, to, start, ends[run] - start);
          ends[merged++] = ends[run];
        }
      }
      runs = merged;
      int[] swap = from;
      from = to;
      to = swap;
    }
  }

  // The older run's keys come first where positions are equal.
  private void mergePair(int start, int middle, int end) {
    int left = start;
    int right = middle;
    int out = start;
    while (left < middle && right < end) {
      boolean takeLeft = format.compareKeys(bytes, from[left], from[right]) <= 0;
      to[out++] = takeLeft ? from[left++] : from[right++];
    }
    System.arraycopy(from, left, to, out, middle - left);
    out += middle - left;
    System.arraycopy(from, right, to, out, end - right);
  }

  private Index dropReplacedAndDeleted(int count) {
    int[] out = new int[count];
    int size = 0;
    for (int i = 0; i < count; i++) {
      boolean replaced = i + 1 < count && format.compareKeys(bytes, from[i], from[i + 1]) == 0;
      if (!replaced && Le.u8(bytes, from[i] + (long) Bkey.OFFSET_TYPE) != 0) {
        out[size++] = from[i];
      }
    }
    return new Index(out, size);
  }

  private Index dropOutside(Index index, DecodedNode node) {
    int size = 0;
    for (int i = 0; i < index.size; i++) {
      int at = index.offsets[i];
      if (compare(at, node.minKey()) >= 0 && compare(at, node.maxKey()) <= 0) {
        index.offsets[size++] = at;
      }
    }
    return new Index(index.offsets, size);
  }

  private int compare(int at, Bpos pos) {
    return format.comparePosition(bytes, at, pos.inode(), pos.offset(), pos.snapshot());
  }
}
