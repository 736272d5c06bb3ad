// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.engine.btree.live.Tail;
import org.jbcachefs.engine.btree.live.TailKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeEncoder;

/**
 * A bset behind those that a node has: made of its unwritten keys, written, and known by the node
 * in memory. The pointer is for others to update.
 */
final class NodeAppend {
  private final NodeSettings settings;
  private final NodeStorage storage;
  private final NodeBuffers buffers;

  NodeAppend(NodeSettings settings, NodeStorage storage) {
    this.settings = settings;
    this.storage = storage;
    this.buffers = storage.buffers();
  }

  /** What came of it. */
  record Written(BtreePointer pointer, BtreeNode node) {}

  /** Whether a node's unwritten keys fit behind what is written of it. */
  static boolean fits(NodeContext context, LiveNode node) {
    NodeContent content = node.content();
    BtreePointer pointer = node.pointer();
    if (pointer == null || pointer.sectorsWritten() == 0 || content.written().synthetic()) {
      return false;
    }
    long bytes = content.tail().bytes();
    long written = (long) pointer.sectorsWritten() * NodeContext.SECTOR_BYTES;
    return bytes < Integer.MAX_VALUE
        && bytes / 8 <= 0xffff
        && written + NodeEncoder.bsetBytes(context, false, (int) bytes) <= context.nodeBytes();
  }

  /**
   * Writes; complete, but not durable, when it returns. Copies that a device did not take are left
   * out of the pointer.
   *
   * @throws org.jbcachefs.format.error.DeviceException if no copy could be written
   */
  Written write(LiveNode node, BtreePointer pointer, NodeContent content, long journalSeq) {
    DecodedNode decoded = content.written().decoded();
    int from = pointer.sectorsWritten() * NodeContext.SECTOR_BYTES;
    Tail tail = content.tail();
    MemorySegment plain = withRoom(decoded, from, (int) tail.bytes());
    MemorySegment bytes = buffers.take();
    try {
      return write(node, pointer, content, journalSeq, bytes, plain);
    } finally {
      buffers.give(bytes);
    }
  }

  private Written write(
      LiveNode node,
      BtreePointer pointer,
      NodeContent content,
      long journalSeq,
      MemorySegment bytes,
      MemorySegment plain) {
    DecodedNode decoded = content.written().decoded();
    NodeContext context = settings.context();
    int from = pointer.sectorsWritten() * NodeContext.SECTOR_BYTES;
    NodeEncoder.Header header =
        new NodeEncoder.Header(
            node.btree(),
            node.level(),
            decoded.nodeSeq(),
            decoded.seq(),
            node.min(),
            node.max(),
            decoded.format());
    NodeEncoder encoder =
        NodeEncoder.appending(
            context, header, settings.checksum(), bytes, pointer.sectorsWritten());
    TailKeys keys = new TailKeys(content.tail());
    encoder.addBset((Bkey out) -> keys.next(out), journalSeq, plain);
    int to = encoder.sectorsWritten() * NodeContext.SECTOR_BYTES;
    List<BtreePointer.Replica> copies =
        storage.write(pointer.replicas(), pointer.sectorsWritten(), bytes.asSlice(from, to - from));
    BtreePointer now =
        new BtreePointer(
            pointer.btree(),
            pointer.level(),
            pointer.minKey(),
            pointer.maxKey(),
            pointer.seq(),
            encoder.sectorsWritten(),
            pointer.rangeUpdated(),
            copies);
    DecodedNode.BsetInfo added = info(plain, from, journalSeq);
    return new Written(
        now, BtreeNode.of(now, decoded.appended(plain, to, added), content.written().place()));
  }

  /**
   * Memory that begins with what is written of a node and has room for a bset behind it: that of
   * the node if it has, else twice as much, so that a node that grows is not copied each time.
   */
  private MemorySegment withRoom(DecodedNode decoded, int written, int keyBytes) {
    NodeContext context = settings.context();
    int needed = written + NodeEncoder.bsetBytes(context, false, keyBytes);
    if (decoded.room().byteSize() >= needed) {
      return decoded.room();
    }
    long bytes = Math.max(needed, Math.min(context.nodeBytes(), 2L * written));
    MemorySegment memory = Arena.ofAuto().allocate(bytes, 8);
    MemorySegment.copy(decoded.bytes(), 0, memory, 0, written);
    return memory;
  }

  private DecodedNode.BsetInfo info(MemorySegment plain, int from, long journalSeq) {
    int u64s = Le.u16(plain, from + BtreeNodeEntryLayout.OFFSET_BSET + BsetLayout.OFFSET_U64S);
    int end = from + BtreeNodeEntryLayout.BYTES + 8 * u64s;
    int type = settings.checksum().number();
    return new DecodedNode.BsetInfo(
        from, end, journalSeq, settings.context().version(), type, false);
  }
}
