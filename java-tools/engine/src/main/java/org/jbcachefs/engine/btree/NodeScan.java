// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeProbe;
import org.jbcachefs.format.node.Strictness;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SuperblockFlag;

/**
 * Finds btree nodes by their magic, for filesystems whose roots or interior nodes are lost. Nodes
 * begin at multiples of the node size from their bucket's start; the members' bitmaps say which
 * parts of a device may hold any. Reads only, in parallel, one node's buffer a thread.
 */
public final class NodeScan {
  /** Members carry a bitmap that can be trusted since this version. */
  private static final int BITMAP_VERSION = 1031;

  private static final int BITMAP_BITS = 64;
  private static final long SLICE_BYTES = 256L << 20;

  private final DeviceSet devices;
  private final NodeContext context;
  private final int threads;
  private final LongConsumer progress;
  private final AtomicLong scannedBytes = new AtomicLong();

  /**
   * A part of a device that is looked through by one thread.
   *
   * @param from first byte
   * @param to end
   * @param bucketBytes nodes begin at multiples of the node size from multiples of this
   */
  private record Slice(int device, long from, long to, long bucketBytes) {}

  /**
   * A scan of those devices.
   *
   * @param context whose {@code blacklisted} must also be true of sequence numbers that the journal
   *     never made durable, else nodes may be taken that were never linked
   * @param progress told from time to time how many bytes were looked through in all
   */
  public NodeScan(DeviceSet devices, NodeContext context, int threads, LongConsumer progress) {
    this.devices = devices;
    this.context = context;
    this.threads = Math.max(1, threads);
    this.progress = progress;
  }

  /** All nodes, copies of one node together, in no particular order. */
  public List<FoundNode> run() {
    List<Slice> slices = new ArrayList<>();
    for (int device = 0; device < devices.size(); device++) {
      if (devices.device(device) != null) {
        addSlices(device, slices);
      }
    }
    List<FoundNode> found = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<List<FoundNode>>> parts = new ArrayList<>();
      slices.forEach(slice -> parts.add(executor.submit(() -> scan(slice))));
      for (Future<List<FoundNode>> part : parts) {
        found.addAll(get(part));
      }
    }
    return joinCopies(found);
  }

  private static List<FoundNode> get(Future<List<FoundNode>> part) {
    try {
      return part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BcachefsException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DeviceException(Place.NOWHERE, "interrupted while looking for btree nodes", e);
    }
  }

  private void addSlices(int device, List<Slice> slices) {
    Member member = devices.member(device);
    long size = devices.device(device).size();
    long bucketBytes = context.nodeBytes();
    if (member != null && member.bucketSectors() > 0) {
      bucketBytes = (long) member.bucketSectors() * NodeContext.SECTOR_BYTES;
      long members = member.nbuckets();
      if (members > 0 && members <= size / bucketBytes) {
        size = members * bucketBytes;
      }
    }
    if (member == null || !hasBitmap()) {
      cut(device, 0, size, bucketBytes, slices);
      return;
    }
    int shift = member.btreeBitmapShift();
    for (int bit = 0; bit < BITMAP_BITS && shift < Long.SIZE - 16; bit++) {
      if ((member.btreeAllocatedBitmap() >>> bit & 1) != 0) {
        long from = ((long) bit << shift) * NodeContext.SECTOR_BYTES;
        long to = ((bit + 1L) << shift) * NodeContext.SECTOR_BYTES;
        // Buckets that reach into a marked part are looked through whole.
        long end = Math.min(size, (to + bucketBytes - 1) / bucketBytes * bucketBytes);
        cut(device, from / bucketBytes * bucketBytes, end, bucketBytes, slices);
      }
    }
  }

  private boolean hasBitmap() {
    return devices.superblock().flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE) >= BITMAP_VERSION;
  }

  private static void cut(int device, long from, long to, long bucketBytes, List<Slice> slices) {
    long step = Math.max(1, SLICE_BYTES / bucketBytes) * bucketBytes;
    for (long at = from; at < to; at += step) {
      slices.add(new Slice(device, at, Math.min(to, at + step), bucketBytes));
    }
  }

  private List<FoundNode> scan(Slice slice) {
    List<FoundNode> found = new ArrayList<>();
    BlockDevice device = devices.device(slice.device);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(context.blockBytes(), 8);
      MemorySegment node = arena.allocate(context.nodeBytes(), 8);
      for (long bucket = slice.from; bucket < slice.to; bucket += slice.bucketBytes) {
        long end = Math.min(bucket + slice.bucketBytes, device.size());
        for (long at = bucket; at + context.nodeBytes() <= end; at += context.nodeBytes()) {
          FoundNode one = probe(slice.device, device, at, block, node);
          if (one != null) {
            found.add(one);
          }
        }
      }
    }
    progress.accept(scannedBytes.addAndGet(slice.to - slice.from));
    return found;
  }

  /** The node that begins there, or null. Whatever is wrong with it, it is then no node. */
  private FoundNode probe(
      int index, BlockDevice device, long at, MemorySegment block, MemorySegment bytes) {
    try {
      device.read(at, block);
      if (!NodeProbe.hasMagic(context, block)) {
        return null;
      }
      device.read(at, bytes);
      Place place = Place.device(device.name(), at);
      return found(index, at, NodeProbe.decode(context, bytes, place));
    } catch (CorruptionException | DeviceException _) {
      return null;
    }
  }

  private static FoundNode found(int device, long at, NodeProbe.Probed probed) {
    var node = probed.node();
    if (node.level() >= BtreeId.MAX_DEPTH || node.btree() >= BtreeId.NUMBER_LIMIT) {
      return null;
    }
    boolean blacklisted = node.bsetInfos().stream().anyMatch(bset -> bset.blacklisted());
    return new FoundNode(
        node.btree(),
        node.level(),
        node.nodeSeq(),
        node.journalSeq(),
        node.seq(),
        node.minKey(),
        node.maxKey(),
        node.sectors(),
        blacklisted,
        probed.strictness() == Strictness.SALVAGE,
        List.of(
            new org.jbcachefs.format.node.BtreePointer.Replica(
                device, at / NodeContext.SECTOR_BYTES, 0)));
  }

  private record Identity(int btree, int level, long seq, int nodeSeq) {}

  private static List<FoundNode> joinCopies(List<FoundNode> found) {
    Map<Identity, FoundNode> joined = new HashMap<>();
    for (FoundNode node : found) {
      Identity identity = new Identity(node.btree(), node.level(), node.seq(), node.nodeSeq());
      joined.merge(identity, node, FoundNode::withCopies);
    }
    return List.copyOf(joined.values());
  }
}
