// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.node.NodeContext;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.node.Strictness;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Reads nodes: the first copy with nothing wrong; failing that, one whose faults are harmless;
 * failing that, and only where it was made for rescue, what is left of a leaf. Thread-safe.
 */
public final class NodeReader {
  private static final int SOUND_NODES_KEPT = 1 << 18;

  private final DeviceSet devices;
  private final NodeContext context;
  private final boolean salvage;
  private final Consumer<Finding> findings;
  private final Set<String> present;

  /** Looks at every key; null if nobody does. */
  private final KeyChecks keys;

  /** Nodes whose keys were all sound when they were looked at, so that once is enough. */
  private final Set<Long> soundNodes = ConcurrentHashMap.newKeySet();

  /**
   * A reader of that filesystem's nodes.
   *
   * @param salvage whether a leaf that has no good copy is read as far as its bsets are good
   * @param findings told why a copy failed where another one did not; called by any thread
   */
  public NodeReader(
      DeviceSet devices, NodeContext context, boolean salvage, Consumer<Finding> findings) {
    this(devices, context, salvage, findings, null);
  }

  private NodeReader(
      DeviceSet devices,
      NodeContext context,
      boolean salvage,
      Consumer<Finding> findings,
      KeyChecks keys) {
    this.devices = devices;
    this.keys = keys;
    this.context = context;
    this.salvage = salvage;
    this.findings = findings;
    this.present =
        IntStream.range(0, devices.size())
            .filter(index -> devices.device(index) != null)
            .mapToObj(devices::name)
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * A reader for those who check: keys that are wrong by themselves are left out, and of a node
   * that cannot be read every copy's fault is a finding.
   */
  public static NodeReader checking(
      DeviceSet devices, NodeContext context, Consumer<Finding> findings, KeyChecks keys) {
    return new NodeReader(devices, context, false, findings, keys);
  }

  public NodeContext context() {
    return context;
  }

  /**
   * Reads a node from the best of its copies.
   *
   * @throws CorruptionException {@code btree_node_read_error} if no copy can be read; the text says
   *     why each of them failed
   */
  public BtreeNode read(BtreePointer pointer) {
    List<BcachefsException> failures = new ArrayList<>(0);
    BtreeNode node = readAny(pointer, Strictness.STRICT, failures);
    if (node == null && anyCorrupt(failures)) {
      node = readAny(pointer, Strictness.HARMLESS, new ArrayList<>());
      // An interior node lost what was newer than what is left of it: where nodes are, and how far
      // they are written. The nodes themselves know better.
      if (node == null && salvage && pointer.level() == 0) {
        node = readAny(pointer, Strictness.SALVAGE, new ArrayList<>());
      }
    }
    if (node == null) {
      reportLost(failures);
      throw lost(pointer, failures);
    }
    report(failures, node);
    return node;
  }

  /**
   * Reads one copy, nothing tolerated, nothing reported; for those who check every copy.
   *
   * @throws BcachefsException why it cannot be read
   */
  public BtreeNode readReplica(BtreePointer pointer, int replica) {
    return read(pointer, pointer.replicas().get(replica), Strictness.STRICT);
  }

  private BtreeNode readAny(
      BtreePointer pointer, Strictness strictness, List<BcachefsException> failures) {
    for (BtreePointer.Replica replica : pointer.replicas()) {
      try {
        return read(pointer, replica, strictness);
      } catch (CorruptionException | DeviceException e) {
        failures.add(e);
      }
    }
    return null;
  }

  private BtreeNode read(
      BtreePointer pointer, BtreePointer.Replica replica, Strictness strictness) {
    int bytes = NodeDecoder.bytesToRead(context, pointer);
    MemorySegment segment = Arena.ofAuto().allocate(bytes, 8);
    Place place = place(pointer, replica);
    devices.read(replica.device(), replica.sector(), segment);
    devices.activity().count(PersistentCounter.BTREE_NODE_READ);
    devices.activity().read(DataType.BTREE, replica.device(), bytes);
    DecodedNode decoded = NodeDecoder.decode(context, pointer, segment, strictness, place);
    boolean dropOutside = pointer.rangeUpdated() || strictness == Strictness.SALVAGE;
    NodeMerge.Index index = NodeMerge.merge(decoded, dropOutside);
    if (keys != null && !soundNodes.contains(identity(pointer))) {
      index = sound(pointer, decoded, index, place);
    }
    return new BtreeNode(pointer, decoded, index.offsets(), index.size(), place);
  }

  private Place place(BtreePointer pointer, BtreePointer.Replica replica) {
    long offset = replica.sector() * NodeContext.SECTOR_BYTES;
    return Place.device(devices.name(replica.device()), offset)
        .in(pointer.nodeName())
        .at(pointer.maxKey());
  }

  private static boolean anyCorrupt(List<BcachefsException> failures) {
    return failures.stream().anyMatch(CorruptionException.class::isInstance);
  }

  private void report(List<BcachefsException> failures, BtreeNode node) {
    // That members are missing is known, and said once by whoever opened the filesystem.
    for (BcachefsException failure : failures) {
      if (!isMissing(failure)) {
        findings.accept(Finding.of(Finding.Severity.MENDED, failure));
      }
    }
    node.decoded().findings().forEach(findings);
  }

  private void reportLost(List<BcachefsException> failures) {
    for (BcachefsException failure : keys == null ? List.<BcachefsException>of() : failures) {
      if (!isMissing(failure)) {
        findings.accept(Finding.of(failure));
      }
    }
  }

  private NodeMerge.Index sound(
      BtreePointer pointer, DecodedNode decoded, NodeMerge.Index index, Place place) {
    Bkey key = new Bkey();
    int size = 0;
    int[] offsets = index.offsets();
    for (int i = 0; i < index.size(); i++) {
      decoded.format().read(decoded.bytes(), offsets[i], key);
      if (keys.accept(pointer.btree(), pointer.level(), key, place)) {
        offsets[size++] = offsets[i];
      }
    }
    if (size == index.size() && pointer.identifies() && soundNodes.size() < SOUND_NODES_KEPT) {
      soundNodes.add(identity(pointer));
    }
    return new NodeMerge.Index(offsets, size);
  }

  /**
   * Nodes have a random number of their own, and grow: the same number and length, the same keys.
   */
  private static long identity(BtreePointer pointer) {
    return pointer.seq() ^ Long.rotateLeft(pointer.sectorsWritten(), 48);
  }

  private boolean isMissing(BcachefsException failure) {
    return failure instanceof DeviceException && !present.contains(failure.place().device());
  }

  private static CorruptionException lost(BtreePointer pointer, List<BcachefsException> failures) {
    StringBuilder text = new StringBuilder("no copy of the node can be read");
    for (BcachefsException failure : failures) {
      Place where = failure.place();
      text.append("; ").append(where.device());
      text.append(where.offset() < 0 ? "" : " byte " + where.offset());
      text.append(": ").append(failure.getMessage());
    }
    Place place = Place.structure(pointer.nodeName()).at(pointer.maxKey());
    return new CorruptionException("btree_node_read_error", place, text.toString());
  }
}
