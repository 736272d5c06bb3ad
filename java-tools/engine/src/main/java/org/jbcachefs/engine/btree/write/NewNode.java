// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.engine.btree.live.Tail;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.node.NodeEncoder;
import org.jbcachefs.format.node.Strictness;

/**
 * A node in fresh space: its first bset made, written, and read back from memory, before any
 * pointer leads to it.
 */
final class NewNode {
  private final BtreePointer pointer;
  private final BtreeNode node;
  private final Allocation allocation;

  private NewNode(BtreePointer pointer, BtreeNode node, Allocation allocation) {
    this.pointer = pointer;
    this.node = node;
    this.allocation = allocation;
  }

  /** What identifies the node, but for its random number and its place. */
  record Plan(int btree, int level, int nodeSeq, NodePieces.Piece piece) {}

  /** Writes it; complete, but not durable, when it returns. */
  static NewNode write(
      NodeSettings settings,
      NodeStorage storage,
      Plan plan,
      NodeEncoder.Keys keys,
      long journalSeq) {
    MemorySegment bytes = storage.buffers().take();
    try {
      return write(settings, storage, plan, keys, journalSeq, bytes);
    } finally {
      storage.buffers().give(bytes);
    }
  }

  private static NewNode write(
      NodeSettings settings,
      NodeStorage storage,
      Plan plan,
      NodeEncoder.Keys keys,
      long journalSeq,
      MemorySegment bytes) {
    NodeContext context = settings.context();
    long seq = settings.newSeq();
    NodePieces.Piece piece = plan.piece;
    NodeEncoder.Header header =
        new NodeEncoder.Header(
            plan.btree, plan.level, plan.nodeSeq, seq, piece.min(), piece.max(), piece.format());
    NodeEncoder encoder = new NodeEncoder(context, header, settings.checksum(), bytes);
    encoder.addBset(keys, journalSeq, null);
    MemorySegment written = bytes.asSlice(0, encoder.sectorsWritten() * 512L);
    BtreePointer pointer =
        new BtreePointer(
            plan.btree,
            plan.level,
            piece.min(),
            piece.max(),
            seq,
            encoder.sectorsWritten(),
            false,
            List.of());
    NewNode made = null;
    for (int attempt = 1; made == null; attempt++) {
      made = attempt(storage, context, pointer, written, attempt == storage.attempts());
    }
    return made;
  }

  /** Null if the devices that it was to be on failed, and others may do. */
  private static NewNode attempt(
      NodeStorage storage,
      NodeContext context,
      BtreePointer plan,
      MemorySegment written,
      boolean last) {
    Allocation allocation = storage.allocate(plan.btree());
    boolean done = false;
    try {
      BtreePointer pointer =
          plan.withReplicas(storage.write(NodeStorage.replicas(allocation), 0, written));
      NewNode made = new NewNode(pointer, decode(context, pointer, written), allocation);
      done = true;
      return made;
    } catch (DeviceException e) {
      if (last) {
        throw e;
      }
      return null;
    } finally {
      if (!done) {
        allocation.close();
      }
    }
  }

  private static BtreeNode decode(
      NodeContext context, BtreePointer pointer, MemorySegment written) {
    MemorySegment own = Arena.ofAuto().allocate(written.byteSize(), 8);
    own.copyFrom(written);
    Place place = Place.structure(pointer.nodeName());
    DecodedNode decoded = NodeDecoder.decode(context, pointer, own, Strictness.STRICT, place);
    return BtreeNode.of(pointer, decoded, place);
  }

  BtreePointer pointer() {
    return pointer;
  }

  /** The node in memory, with nothing but what is written. */
  LiveNode toLive() {
    return new LiveNode(
        pointer.btree(),
        pointer.level(),
        pointer.minKey(),
        pointer.maxKey(),
        pointer,
        NodeContent.of(node, Tail.EMPTY));
  }

  /** Lets go of the buckets: the pointer is committed, or the node given up. */
  void release() {
    allocation.close();
  }
}
