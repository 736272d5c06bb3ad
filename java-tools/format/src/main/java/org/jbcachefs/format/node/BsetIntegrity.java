// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.Integrity;
import org.jbcachefs.format.crypto.Nonce;

/**
 * A bset's checksum and encryption, in the bytes of its node: checksummed from behind its checksum
 * on, in a node's first bset the node's header included; encrypted are that header from its flags
 * on, and the keys. Encrypted first.
 *
 * <p>A bset is given by the offset {@code at} of the node's header or its own entry header, and by
 * {@code end}, the offset behind its keys; both must lie in the node.
 */
public final class BsetIntegrity {
  /** What the header uses of the key stream: its encrypted 112 bytes in whole blocks. */
  private static final long HEADER_KEY_STREAM_BYTES = 2L * Nonce.BLOCK_BYTES;

  private BsetIntegrity() {}

  /** Offset of the bset's header. */
  public static int header(int at) {
    return at + (at == 0 ? BtreeNodeLayout.OFFSET_BSET : BtreeNodeEntryLayout.OFFSET_BSET);
  }

  /** Offset behind the keys, by the length that the bset's header tells; it may be anywhere. */
  public static int end(MemorySegment node, int at) {
    int header = header(at);
    return header + BsetLayout.BYTES + 8 * Le.u16(node, (long) header + BsetLayout.OFFSET_U64S);
  }

  /** The checksum's type; null if it is unknown. */
  public static ChecksumType type(MemorySegment node, int at) {
    int flags = Le.u32(node, (long) header(at) + BsetLayout.OFFSET_FLAGS);
    return ChecksumType.of(BsetLayout.CSUM_TYPE.getInt(Integer.toUnsignedLong(flags)));
  }

  private static Nonce nonce(ChecksumType type, MemorySegment node, int at) {
    if (!type.isMac()) {
      return Nonce.NULL;
    }
    long header = header(at);
    return Nonce.bset(
        at,
        Le.u64(node, header + BsetLayout.OFFSET_SEQ),
        Le.u64(node, header + BsetLayout.OFFSET_JOURNAL_SEQ));
  }

  private static boolean isKnown(NodeContext context, ChecksumType type) {
    return type != null && (!type.isMac() || context.key() != null);
  }

  /** Whether the stored checksum is right; one of unknown type or without its key never is. */
  public static boolean verify(NodeContext context, MemorySegment node, int at, int end) {
    ChecksumType type = type(node, at);
    if (!isKnown(context, type)) {
      return false;
    }
    long from = (long) at + BtreeNodeLayout.OFFSET_MAGIC;
    return Integrity.verify(
        type,
        context.key(),
        nonce(type, node, at),
        node,
        from,
        end - from,
        Le.u64(node, at),
        Le.u64(node, at + 8L));
  }

  /** Encrypts in place, or decrypts, which is the same; nothing if it is not encrypted. */
  public static void crypt(
      NodeContext context, ChecksumType type, MemorySegment node, int at, int end) {
    if (!type.isMac()) {
      return;
    }
    Nonce keys = nonce(type, node, at);
    if (at == 0) {
      int from = BtreeNodeLayout.OFFSET_FLAGS;
      Integrity.encrypt(type, context.key(), keys, node, from, BtreeNodeLayout.OFFSET_BSET - from);
      keys = keys.plusBytes(HEADER_KEY_STREAM_BYTES);
    }
    long start = (long) header(at) + BsetLayout.BYTES;
    Integrity.encrypt(type, context.key(), keys, node, start, end - start);
  }

  /** Stores the checksum of a bset as it lies there, encrypted or not, if it can be computed. */
  public static void stamp(NodeContext context, MemorySegment node, int at, int end) {
    ChecksumType type = type(node, at);
    if (!isKnown(context, type)) {
      return;
    }
    long from = (long) at + BtreeNodeLayout.OFFSET_MAGIC;
    long[] words = new long[2];
    Integrity.compute(type, context.key(), nonce(type, node, at), node, from, end - from, words);
    Le.putU64(node, at, words[0]);
    Le.putU64(node, at + 8L, words[1]);
  }
}
