// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.Integrity;
import org.jbcachefs.format.crypto.Nonce;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * Recognises a node that no pointer leads to: it says itself what it is. For scans of whole
 * devices.
 */
public final class NodeProbe {
  private NodeProbe() {}

  /**
   * A node that was recognised.
   *
   * @param strictness the strictest under which it could be decoded
   */
  public record Probed(DecodedNode node, Strictness strictness) {}

  /** Whether a block begins like a node of this filesystem; at least 160 bytes of it are needed. */
  public static boolean hasMagic(NodeContext context, MemorySegment block) {
    return Le.u64(block, BtreeNodeLayout.OFFSET_MAGIC) == context.magic();
  }

  /**
   * Decodes a whole node by what its own header says, with as little tolerance as will do.
   *
   * @param bytes all of it; decrypted in place
   * @throws CorruptionException if it is no node, or its first bset is damaged, or belongs to a
   *     journal entry that never became durable
   */
  public static Probed decode(NodeContext context, MemorySegment bytes, Place place) {
    BtreePointer itself = pointerOf(context, bytes, place);
    // Decoding changes the bytes in place, so that a second attempt needs them as they were.
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment raw = arena.allocate(bytes.byteSize(), 8).copyFrom(bytes);
      try {
        return probed(context, itself, bytes, Strictness.HARMLESS, place);
      } catch (CorruptionException _) {
        bytes.copyFrom(raw);
        return probed(context, itself, bytes, Strictness.SALVAGE, place);
      }
    }
  }

  private static Probed probed(
      NodeContext context,
      BtreePointer itself,
      MemorySegment bytes,
      Strictness strictness,
      Place place) {
    DecodedNode node = NodeDecoder.decode(context, itself, bytes, strictness, place);
    return refuseUnlinked(new Probed(node, strictness), place);
  }

  private static Probed refuseUnlinked(Probed probed, Place place) {
    if (probed.node.bsetInfos().getFirst().blacklisted()) {
      throw new CorruptionException(
          "bset_blacklisted_journal_seq", place, "the node was never linked");
    }
    return probed;
  }

  /** A pointer to the node as its own header has it. */
  private static BtreePointer pointerOf(NodeContext context, MemorySegment bytes, Place place) {
    int bset = BtreeNodeLayout.OFFSET_BSET;
    long seq = Le.u64(bytes, bset + BsetLayout.OFFSET_SEQ);
    MemorySegment header = MemorySegment.ofArray(new long[BtreeNodeLayout.BYTES / 8]);
    MemorySegment.copy(bytes, 0, header, 0, BtreeNodeLayout.BYTES);
    long bsetFlags = Integer.toUnsignedLong(Le.u32(bytes, bset + BsetLayout.OFFSET_FLAGS));
    ChecksumType type = ChecksumType.of(BsetLayout.CSUM_TYPE.getInt(bsetFlags));
    if (type != null && type.isMac() && context.key() != null) {
      long journalSeq = Le.u64(bytes, bset + BsetLayout.OFFSET_JOURNAL_SEQ);
      int from = BtreeNodeLayout.OFFSET_FLAGS;
      Nonce nonce = Nonce.bset(0, seq, journalSeq);
      Integrity.decrypt(type, context.key(), nonce, header, from, bset - from);
    }
    long flags = Le.u64(header, BtreeNodeLayout.OFFSET_FLAGS);
    Bpos min = Bpos.read(header, BtreeNodeLayout.OFFSET_MIN_KEY);
    Bpos max = Bpos.read(header, BtreeNodeLayout.OFFSET_MAX_KEY);
    if (min.compareTo(max) > 0) {
      throw new CorruptionException("btree_node_bad_min_key", place, "min_key > max_key");
    }
    int btree = BtreeNodeLayout.btree(flags);
    int level = BtreeNodeLayout.LEVEL.getInt(flags);
    return new BtreePointer(btree, level, min, max, seq, 0, false, List.of());
  }
}
