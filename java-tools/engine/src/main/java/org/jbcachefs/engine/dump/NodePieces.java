// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.node.BsetIntegrity;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.NodeContext;

/**
 * What of a place on a device is a btree node: bset after bset, as far as each continues the one
 * before it. Goes by lengths and random numbers, not by checksums: damaged nodes are what dumps are
 * made for. Not thread-safe.
 */
final class NodePieces {
  private final NodeContext context;
  private final ValueSanitizer sanitizer;
  private final MemorySegment raw;

  NodePieces(NodeContext context, ValueSanitizer sanitizer) {
    this.context = context;
    this.sanitizer = sanitizer;
    this.raw = MemorySegment.ofArray(new byte[context.nodeBytes()]);
  }

  /**
   * Blots out what is to be blotted out of the node that begins there, and everything behind and
   * between its bsets.
   *
   * @return how many bytes of it are written; 0 if no node begins there
   */
  int clean(MemorySegment node) {
    if (node.byteSize() < BtreeNodeLayout.BYTES
        || Le.u64(node, BtreeNodeLayout.OFFSET_MAGIC) != context.magic()) {
      return 0;
    }
    long seq = Le.u64(node, (long) BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ);
    int formatWords = 0;
    int at = 0;
    while (continues(node, at, seq)) {
      int end = BsetIntegrity.end(node, at);
      boolean fits = end <= node.byteSize();
      if (!fits) {
        // Nobody knows what of it is written: its headers are what shows the damage.
        end = BsetIntegrity.header(at) + BsetLayout.BYTES;
      }
      if (fits && !sanitizer.isIdle()) {
        formatWords = bset(node, at, end, formatWords);
      }
      int next = (int) Math.min(context.roundUp(end), node.byteSize());
      node.asSlice(end, next - end).fill((byte) 0);
      at = next;
      if (!fits) {
        break;
      }
    }
    node.asSlice(at).fill((byte) 0);
    return at;
  }

  private static boolean continues(MemorySegment node, int at, long seq) {
    return at == 0
        || (at + BtreeNodeEntryLayout.BYTES <= node.byteSize()
            && Le.u64(node, at + BtreeNodeEntryLayout.OFFSET_BSET + (long) BsetLayout.OFFSET_SEQ)
                == seq);
  }

  /** Returns how many words the node's own format gives to a packed key. */
  private int bset(MemorySegment node, int at, int end, int known) {
    ChecksumType type = BsetIntegrity.type(node, at);
    boolean encrypted = type != null && type.isMac();
    boolean right = BsetIntegrity.verify(context, node, at, end);
    if (encrypted && !right) {
      // Encrypted, and damaged or without its key: nobody can read it.
      return known;
    }
    MemorySegment.copy(node, at, raw, at, end - at);
    if (encrypted) {
      BsetIntegrity.crypt(context, type, node, at, end);
    }
    int words = at == 0 ? Le.u8(node, BtreeNodeLayout.OFFSET_FORMAT) : known;
    boolean changed = keys(node, BsetIntegrity.header(at) + BsetLayout.BYTES, end, words, right);
    if (changed && encrypted) {
      BsetIntegrity.crypt(context, type, node, at, end);
    } else if (!changed) {
      MemorySegment.copy(raw, at, node, at, end - at);
    }
    if (changed && right) {
      BsetIntegrity.stamp(context, node, at, end);
    }
    return words;
  }

  private boolean keys(MemorySegment node, int start, int end, int formatWords, boolean right) {
    boolean changed = false;
    int at = start;
    while (at + Long.BYTES <= end) {
      int words = Le.u8(node, at + (long) Bkey.OFFSET_U64S);
      int next = at + words * Long.BYTES;
      if (words == 0 || next > end) {
        break;
      }
      boolean packed =
          (Le.u8(node, at + (long) Bkey.OFFSET_FORMAT) & Bkey.FORMAT_MASK) != Bkey.FORMAT_CURRENT;
      int value = at + (packed ? formatWords : Bkey.U64S) * Long.BYTES;
      int type = Le.u8(node, at + (long) Bkey.OFFSET_TYPE);
      changed |= value < next && sanitizer.value(type, node, value, next);
      at = next;
    }
    if (at < end && !right) {
      // A damaged length: what is behind it may be anything.
      node.asSlice(at, end - at).fill((byte) 0);
      changed = true;
    }
    return changed;
  }
}
