// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.write.BtreeBitmaps;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/** Places for nodes, and writing to all copies of one. Thread-safe. */
public final class NodeStorage {
  private final DeviceSet devices;
  private final SpaceAllocator space;
  private final BtreeBitmaps bitmaps;
  private final WriteRules rules;
  private final int nodeSectors;
  private final int replicas;
  private final IntPredicate preferred;
  private final NodePlacement placement;
  private final WritePoint writePoint = new WritePoint(DataType.BTREE);
  private final NodeBuffers buffers;

  /**
   * @param replicas how many copies a node has
   * @param preferred members that nodes are put on as long as there is room
   * @param placement members that nodes of a btree may be put on
   */
  public NodeStorage(
      DeviceSet devices,
      SpaceAllocator space,
      BtreeBitmaps bitmaps,
      WriteRules rules,
      int nodeSectors,
      int replicas,
      IntPredicate preferred,
      NodePlacement placement) {
    this.devices = devices;
    this.space = space;
    this.bitmaps = bitmaps;
    this.rules = rules;
    this.nodeSectors = nodeSectors;
    this.replicas = replicas;
    this.preferred = preferred;
    this.placement = placement;
    this.buffers = new NodeBuffers(nodeSectors);
  }

  /** Memory to make nodes in. */
  NodeBuffers buffers() {
    return buffers;
  }

  /** Where it is counted what is done with nodes. */
  Activity activity() {
    return devices.activity();
  }

  /** Room for a node on as many devices as it has copies, or at least on one. */
  Allocation allocate(int btree) {
    SpaceAllocator.Request request =
        new SpaceAllocator.Request(
            nodeSectors,
            true,
            replicas,
            1,
            device -> placement.allows(btree, device),
            preferred,
            Watermark.RECLAIM);
    activity().count(PersistentCounter.BTREE_NODE_ALLOC);
    return space.allocate(writePoint, request);
  }

  /** Whether there is room for so many nodes, and plenty of it. */
  boolean hasRoomFor(int nodes) {
    return !space.isShort(nodes);
  }

  static List<BtreePointer.Replica> replicas(Allocation allocation) {
    List<BtreePointer.Replica> list = new ArrayList<>();
    for (Allocation.Place place : allocation.places()) {
      list.add(new BtreePointer.Replica(place.device(), place.sector(), place.generation()));
    }
    return list;
  }

  /** Whether all devices with copies are here: else a node is written anew, where they are. */
  boolean isWhole(List<BtreePointer.Replica> copies) {
    return copies.stream().allMatch(copy -> devices.device(copy.device()) != null);
  }

  /**
   * Writes a part of a node to all of its copies; complete, but not durable, when it returns.
   *
   * @param sector of the node at which the part begins
   * @return the copies that were written: those that a device did not take are none any more
   * @throws DeviceException if none could be written
   */
  List<BtreePointer.Replica> write(
      List<BtreePointer.Replica> copies, int sector, MemorySegment bytes) {
    activity().count(PersistentCounter.BTREE_NODE_WRITE);
    DeviceException failure = null;
    List<BtreePointer.Replica> written = new ArrayList<>();
    for (BtreePointer.Replica copy : copies) {
      try {
        if (devices.health().isStopped(copy.device())) {
          continue;
        }
        devices.write(copy.device(), copy.sector() + sector, bytes);
        activity().wrote(DataType.BTREE, copy.device(), bytes.byteSize());
        written.add(copy);
      } catch (DeviceException e) {
        failure = e;
      }
    }
    if (written.isEmpty()) {
      throw failure != null
          ? failure
          : new DeviceException(
              Place.structure("btree node"), "no device that has it is written to");
    }
    if (written.size() == 1) {
      devices.health().wroteAlone(written.getFirst().device());
    }
    return written;
  }

  /** How many times a new node is tried to be written before it is given up. */
  int attempts() {
    return devices.size() + 1;
  }

  /** The superblock says from now on that nodes may lie there. */
  void mark(List<BtreePointer> nodes) {
    if (rules.hold(WriteRule.BTREE_BITMAP)) {
      bitmaps.mark(nodes, nodeSectors);
    }
  }

  /** Lets go of the buckets that are being filled. */
  public void close() {
    space.close(writePoint);
  }
}
