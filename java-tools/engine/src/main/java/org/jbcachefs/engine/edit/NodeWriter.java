// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.BtreePtrLayout;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeEncoder;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Writes changed nodes over the old ones. A key that keeps its length is changed in its bset;
 * otherwise all bsets are merged into one, which is followed by bsets that repeat a key, so that
 * the node stays as long as its pointer says. Only a node that grows changes its pointer.
 */
final class NodeWriter {
  private final ReadFilesystem filesystem;
  private final NodeContext context;

  NodeWriter(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
    this.context = filesystem.nodes().context();
  }

  /** Puts {@code changed} in the place of the key of the path's last node at its position. */
  void replace(NodePath path, Bkey changed) {
    BtreeNode node = path.last().node();
    requireRewritable(path.last());
    int index = node.lowerBound(changed.pos());
    MemorySegment bytes = copy(node);
    int at = node.keyOffset(index);
    int length = 8 * Le.u8(bytes, at);
    MemorySegment encoded = MemorySegment.ofArray(new long[length / 8 + 256]);
    if (!node.decoded().format().pack(changed, encoded, 0)) {
      changed.writeUnpacked(encoded, 0);
    }
    if (8 * Le.u8(encoded, 0) != length) {
      rewrite(path, with(keys(node), index, changed));
      return;
    }
    MemorySegment.copy(encoded, 0, bytes, at, length);
    seal(path.last(), bytes);
  }

  private static List<Bkey> with(List<Bkey> keys, int index, Bkey changed) {
    keys.set(index, changed);
    return keys;
  }

  /** The node's bytes, decrypted, to be changed. */
  MemorySegment copy(BtreeNode node) {
    MemorySegment source = node.decoded().bytes();
    return Arena.ofAuto().allocate(source.byteSize(), 8).copyFrom(source);
  }

  /**
   * Encrypts and writes a node whose bytes were changed; bsets begin where they did, and end where
   * they now say, if that is in the same block.
   */
  void seal(NodePath.Step step, MemorySegment bytes) {
    requireRewritable(step);
    DecodedNode decoded = step.node().decoded();
    List<DecodedNode.BsetInfo> bsets =
        decoded.bsetInfos().stream().map(bset -> ended(bset, bytes)).toList();
    NodeEncoder.seal(context, bytes, bsets);
    int sectors = decoded.sectors();
    write(step.pointer(), bytes, sectors, sectors);
  }

  private DecodedNode.BsetInfo ended(DecodedNode.BsetInfo bset, MemorySegment bytes) {
    int header =
        bset.offset() == 0
            ? BtreeNodeLayout.OFFSET_BSET
            : bset.offset() + BtreeNodeEntryLayout.OFFSET_BSET;
    long end = header + BsetLayout.BYTES + 8L * Le.u16(bytes, header + BsetLayout.OFFSET_U64S);
    int block = context.blockBytes();
    boolean fits = (end + block - 1) / block == (bset.end() + block - 1) / block;
    return fits
        ? new DecodedNode.BsetInfo(
            bset.offset(),
            (int) end,
            bset.journalSeq(),
            bset.version(),
            bset.checksumType(),
            bset.blacklisted())
        : bset;
  }

  /** All keys of a node, each with bytes of its own. */
  static List<Bkey> keys(BtreeNode node) {
    List<Bkey> keys = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      keys.add(node.read(i, new Bkey()).copy());
    }
    return keys;
  }

  /** Makes these the keys of the path's last node. */
  void rewrite(NodePath path, List<Bkey> keys) {
    NodePath.Step step = path.last();
    requireRewritable(step);
    DecodedNode old = step.node().decoded();
    MemorySegment bytes = Arena.ofAuto().allocate(context.nodeBytes(), 8);
    NodeEncoder encoder = encoder(step, bytes);
    addBset(step, encoder, keys, old.journalSeq());
    int before = step.pointer().sectorsWritten();
    fill(encoder, keys, old, before);
    write(step.pointer(), bytes, old.sectors(), encoder.sectorsWritten());
    if (before != 0 && encoder.sectorsWritten() != before) {
      setSectorsWritten(path, encoder.sectorsWritten());
    }
  }

  private NodeEncoder encoder(NodePath.Step step, MemorySegment bytes) {
    DecodedNode old = step.node().decoded();
    NodeEncoder.Header header =
        new NodeEncoder.Header(
            old.btree(),
            old.level(),
            old.nodeSeq(),
            old.seq(),
            old.minKey(),
            old.maxKey(),
            old.format());
    int type = old.bsetInfos().getFirst().checksumType();
    return new NodeEncoder(context, header, ChecksumType.of(type), bytes);
  }

  private static void addBset(
      NodePath.Step step, NodeEncoder encoder, List<Bkey> keys, long journalSeq) {
    try {
      encoder.addBset(keys, journalSeq);
    } catch (IllegalArgumentException _) {
      throw new RefusedException(
          "node_full",
          Place.structure(step.pointer().nodeName()).at(step.pointer().maxKey()),
          "the node has no room for this; it would have to be split");
    }
  }

  /** Bsets that change nothing, until the node is as long as it was. */
  private static void fill(NodeEncoder encoder, List<Bkey> keys, DecodedNode old, int sectors) {
    Bkey filler =
        keys.stream()
            .min(java.util.Comparator.comparingInt(Bkey::valueBytes))
            .orElseGet(() -> new Bkey().setPos(old.minKey()).setType(KeyType.DELETED.number()));
    while (encoder.sectorsWritten() < sectors) {
      encoder.addBset(List.of(filler), old.journalSeq());
    }
  }

  private void setSectorsWritten(NodePath path, int sectors) {
    NodePath above = path.above();
    Bpos end = path.last().pointer().maxKey();
    if (path.last().journalled()) {
      throw new RefusedException(
          "journalled_pointer",
          Place.structure(path.last().pointer().nodeName()).at(end),
          "the node grew, and the pointer to it is in the journal; mount the filesystem once");
    }
    if (above == null) {
      new RootPointers(filesystem)
          .change(path.last().pointer().btree(), key -> sectors(key, sectors), -1);
      return;
    }
    BtreeNode parent = above.last().node();
    Bkey key = parent.read(parent.lowerBound(end), new Bkey()).copy();
    sectors(key, sectors);
    replace(above, key);
  }

  private static void sectors(Bkey pointer, int sectors) {
    Le.putU16(
        pointer.segment(), pointer.valueOffset() + BtreePtrLayout.OFFSET_SECTORS_WRITTEN, sectors);
  }

  private void requireRewritable(NodePath.Step step) {
    Place place = Place.structure(step.pointer().nodeName()).at(step.pointer().maxKey());
    if (step.node().decoded().oldestVersion() < MetadataVersion.SNAPSHOT.number()) {
      throw new RefusedException(
          "old_node", place, "the node was written before version 0.12, which is only read");
    }
    for (BtreePointer.Replica replica : step.pointer().replicas()) {
      if (filesystem.devices().device(replica.device()) == null) {
        throw new RefusedException(
            "missing_member",
            place,
            "a copy of the node is on device " + replica.device() + ", which is not here");
      }
    }
  }

  private void write(BtreePointer pointer, MemorySegment bytes, int oldSectors, int sectors) {
    for (BtreePointer.Replica replica : pointer.replicas()) {
      BlockDevice device = filesystem.devices().device(replica.device());
      long offset = replica.sector() * NodeContext.SECTOR_BYTES;
      long length = (long) sectors * NodeContext.SECTOR_BYTES;
      device.write(offset, bytes.asSlice(0, length));
      if (oldSectors > sectors) {
        long rest = (long) (oldSectors - sectors) * NodeContext.SECTOR_BYTES;
        device.writeZeroes(offset + length, rest);
      }
    }
  }
}
