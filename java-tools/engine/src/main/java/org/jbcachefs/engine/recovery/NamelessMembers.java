// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.BtreesOverDevices;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.data.MembersByData;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.LostMembers;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.node.NodeContext;

/**
 * Devices that have lost their superblocks beside others that have not, where their sizes do not
 * tell which members they were: what they hold tells.
 */
final class NamelessMembers {
  private static final long CACHE_BYTES = 16 << 20;

  private NamelessMembers() {}

  /** The set with those devices that are recognised; findings name them, and those that are not. */
  static DeviceSet adopt(
      DeviceSet set, List<BlockDevice> opened, FilesystemKey key, OpenOptions options) {
    List<BlockDevice> nameless =
        opened.stream()
            .filter(device -> !set.holds(device))
            .filter(device -> SuperblockSearch.findThoroughly(device).newest().isEmpty())
            .toList();
    if (nameless.isEmpty()) {
      return set;
    }
    Consumer<Finding> findings = options.findings();
    Map<BlockDevice, Integer> byNodes = recognise(set, nameless, key, options.threads());
    tell(byNodes, "btree nodes", findings);
    DeviceSet larger = DeviceSetAssembly.with(set, byNodes);
    List<BlockDevice> left =
        nameless.stream().filter(device -> !byNodes.containsKey(device)).toList();
    Map<BlockDevice, Integer> byData = recogniseByData(larger, left, key, options.threads());
    tell(byData, "data", findings);
    left.stream()
        .filter(device -> !byData.containsKey(device))
        .forEach(device -> findings.accept(LostMembers.unknown(device)));
    return DeviceSetAssembly.with(larger, byData);
  }

  private static void tell(
      Map<BlockDevice, Integer> found, String what, Consumer<Finding> findings) {
    found.forEach((device, index) -> findings.accept(LostMembers.recognised(device, index, what)));
  }

  private static Map<BlockDevice, Integer> recogniseByData(
      DeviceSet set, List<BlockDevice> nameless, FilesystemKey key, int threads) {
    IntPredicate missing =
        index -> index < set.size() && set.member(index) != null && set.device(index) == null;
    return nameless.isEmpty()
        ? Map.of()
        : byData(set, scannedBtrees(set, key, threads), nameless, key, missing);
  }

  /** Btrees as a scan of the devices finds them, without the journal. */
  static Btrees scannedBtrees(DeviceSet set, FilesystemKey key, int threads) {
    NodeContext context = ReadFilesystem.nodeContext(set.superblock(), key, seq -> false);
    NodeReader reader = new NodeReader(set, context, true, finding -> {});
    NodeScan scan = new NodeScan(set, context, threads, bytes -> {});
    return BtreesOverDevices.forRescue(
        reader, Overlay.ofRoots(Map.of()), CACHE_BYTES, finding -> {}, scan);
  }

  /** Which of the wanted members those devices are, by the data on them. */
  static Map<BlockDevice, Integer> byData(
      DeviceSet set,
      Btrees btrees,
      List<BlockDevice> devices,
      FilesystemKey key,
      IntPredicate wanted) {
    MembersByData data = new MembersByData(set, devices, key);
    data.look(btrees, wanted);
    MemberClaims claims = new MemberClaims();
    for (BlockDevice device : devices) {
      data.hits(device).forEach((index, hits) -> claims.add(device, index, hits));
    }
    return claims.settled();
  }

  private static Map<BlockDevice, Integer> recognise(
      DeviceSet set, List<BlockDevice> nameless, FilesystemKey key, int threads) {
    DeviceIndexes indexes =
        new DeviceIndexes(
            ReadFilesystem.nodeContext(set.superblock(), key, seq -> false),
            Jset.magic(set.superblock().magicWord()),
            key,
            threads);
    indexes.look(set);
    for (BlockDevice device : nameless) {
      DeviceSetAssembly.inAnyPlace(set, device).ifPresent(indexes::look);
    }
    return indexes.assign(
        nameless, index -> set.member(index) != null && set.device(index) == null);
  }
}
