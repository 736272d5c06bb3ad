// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;

/**
 * Makes a node's bytes: the header with its first bset, then further bsets, each padded with zeros
 * to the block. Keys that do not fit the node's format are stored unpacked. Not thread-safe.
 */
public final class NodeEncoder {
  private final NodeContext context;
  private final Header header;
  private final ChecksumType checksum;
  private final MemorySegment out;
  private int written;

  /**
   * What identifies a node.
   *
   * @param btree number
   * @param level 0 for leaves
   * @param nodeSeq one more than that of the node it replaces
   * @param seq random, not 0; repeated by the pointer
   * @param minKey first position
   * @param maxKey last position
   * @param format of packed keys
   */
  public record Header(
      int btree, int level, int nodeSeq, long seq, Bpos minKey, Bpos maxKey, BkeyFormat format) {}

  /**
   * Begins a node.
   *
   * @param out receives it from byte 0 on; at least as long as the bsets to come need
   */
  public NodeEncoder(NodeContext context, Header header, ChecksumType checksum, MemorySegment out) {
    this.context = context;
    this.header = header;
    this.checksum = checksum;
    this.out = out;
  }

  /**
   * Goes on with a node that is written up to there already.
   *
   * @param out receives the bsets to come where they lie in the node; what is before is not touched
   * @param writtenSectors how much of the node is written, whole blocks
   */
  public static NodeEncoder appending(
      NodeContext context,
      Header header,
      ChecksumType checksum,
      MemorySegment out,
      int writtenSectors) {
    NodeEncoder encoder = new NodeEncoder(context, header, checksum, out);
    encoder.written = writtenSectors * NodeContext.SECTOR_BYTES;
    return encoder;
  }

  /** Bytes that a bset of so many bytes of keys takes, were it written next. */
  public static int bsetBytes(NodeContext context, boolean first, int keyBytes) {
    return (int)
        context.roundUp((first ? BtreeNodeLayout.BYTES : BtreeNodeEntryLayout.BYTES) + keyBytes);
  }

  /** Sectors written so far: what the pointer says. */
  public int sectorsWritten() {
    return written / NodeContext.SECTOR_BYTES;
  }

  /**
   * Appends a bset.
   *
   * @param keys in ascending order; only the first bset may be empty
   * @param journalSeq newest journal sequence number of any of them
   * @throws IllegalArgumentException if they do not fit in what is left of the node
   */
  public void addBset(List<Bkey> keys, long journalSeq) {
    Iterator<Bkey> next = keys.iterator();
    addBset(out -> next.hasNext() ? out.set(next.next()) : null, journalSeq, null);
  }

  /** Where keys come from, one after another. */
  @FunctionalInterface
  public interface Keys {
    /** Points the cursor at the next key and returns it; null at the end. */
    Bkey next(Bkey out);
  }

  /**
   * Appends a bset.
   *
   * @param keys in ascending order
   * @param journalSeq newest journal sequence number of any of them
   * @param plain receives the node's bytes as far as they were added by this call before they are
   *     encrypted, at the same offsets; may be null
   * @throws IllegalArgumentException if they do not fit in what is left of the node
   */
  public void addBset(Keys keys, long journalSeq, MemorySegment plain) {
    boolean first = written == 0;
    int bset = written + (first ? BtreeNodeLayout.OFFSET_BSET : BtreeNodeEntryLayout.OFFSET_BSET);
    int start = bset + BsetLayout.BYTES;
    int end = writeKeys(keys, start);
    int next = (int) context.roundUp(end);
    out.asSlice(end, next - end).fill((byte) 0);
    if (first) {
      writeHeader();
    }
    Le.putU64(out, (long) bset + BsetLayout.OFFSET_SEQ, header.seq);
    Le.putU64(out, (long) bset + BsetLayout.OFFSET_JOURNAL_SEQ, journalSeq);
    long flags = BsetLayout.CSUM_TYPE.set(0, checksum.number());
    flags = BsetLayout.OFFSET.set(flags, written / NodeContext.SECTOR_BYTES);
    Le.putU32(out, (long) bset + BsetLayout.OFFSET_FLAGS, (int) flags);
    Le.putU16(out, (long) bset + BsetLayout.OFFSET_VERSION, context.version());
    Le.putU16(out, (long) bset + BsetLayout.OFFSET_U64S, (end - start) / 8);
    if (plain != null) {
      MemorySegment.copy(out, written, plain, written, (long) next - written);
    }
    BsetIntegrity.crypt(context, checksum, out, written, end);
    BsetIntegrity.stamp(context, out, written, end);
    written = next;
  }

  private int writeKeys(Keys keys, int start) {
    int at = start;
    Bkey cursor = new Bkey();
    for (Bkey key = keys.next(cursor); key != null; key = keys.next(cursor)) {
      if (at + Bkey.BYTES + key.valueBytes() > context.nodeBytes()) {
        throw new IllegalArgumentException("the keys do not fit in the node");
      }
      if (!header.format.pack(key, out, at)) {
        key.writeUnpacked(out, at);
      }
      at += 8 * Le.u8(out, at);
    }
    return at;
  }

  private void writeHeader() {
    Le.putU64(out, BtreeNodeLayout.OFFSET_MAGIC, context.magic());
    long flags = BtreeNodeLayout.flags(header.btree, header.level, header.nodeSeq);
    Le.putU64(out, BtreeNodeLayout.OFFSET_FLAGS, flags);
    header.minKey.write(out, BtreeNodeLayout.OFFSET_MIN_KEY);
    header.maxKey.write(out, BtreeNodeLayout.OFFSET_MAX_KEY);
    Le.putU64(out, BtreeNodeLayout.OFFSET_PTR, 0);
    header.format.write(out, BtreeNodeLayout.OFFSET_FORMAT);
  }

  /**
   * Makes a node that was decoded and then changed fit to be written: encrypts its bsets again and
   * makes their checksums right.
   *
   * @param bsets as they were decoded; their bounds must not have changed
   */
  public static void seal(
      NodeContext context, MemorySegment node, List<DecodedNode.BsetInfo> bsets) {
    for (DecodedNode.BsetInfo info : bsets) {
      BsetIntegrity.crypt(
          context, ChecksumType.of(info.checksumType()), node, info.offset(), info.end());
      BsetIntegrity.stamp(context, node, info.offset(), info.end());
    }
  }

  /**
   * Makes every checksum of a node right again after its bytes were changed: bset after bset, as
   * far as their lengths lead. For tests with damaged nodes.
   *
   * @param limit bytes of the node that count
   */
  public static void restamp(NodeContext context, MemorySegment node, int limit) {
    int at = 0;
    while (at < limit) {
      int end = BsetIntegrity.end(node, at);
      if (end > limit) {
        return;
      }
      BsetIntegrity.stamp(context, node, at, end);
      at = (int) context.roundUp(end);
    }
  }
}
