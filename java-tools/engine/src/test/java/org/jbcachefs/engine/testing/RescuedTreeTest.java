// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of golden filesystems after a test has destroyed nodes: files as they were. */
class RescuedTreeTest {
  private static final int SECTOR = 512;
  private static final long SEED = Long.getLong("jbcachefs.seed", 11);
  private static final Pattern PATH = Pattern.compile("^\\{\"path\": \"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final String LOST = "lost+found-jbcachefs";

  private record Rescued(List<String> lines, List<Finding> findings) {}

  private static List<BtreePointer> roots(ReadFilesystem filesystem) {
    return filesystem.journal().roots().stream()
        .filter(root -> root.key() != null)
        .map(root -> BtreePointer.parse(root.btree(), root.level(), root.key(), Place.NOWHERE))
        .toList();
  }

  private static List<BtreePointer> nodes(ReadFilesystem filesystem, int btree, int level) {
    List<BtreePointer> nodes = new ArrayList<>();
    try (KeyIterator keys = filesystem.btrees().iterate(btree, level + 1, Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        nodes.add(BtreePointer.parse(btree, level, keys.key(), Place.NOWHERE));
      }
    }
    return nodes;
  }

  private static List<BtreePointer> interiors(ReadFilesystem filesystem) {
    List<BtreePointer> nodes = new ArrayList<>();
    for (BtreePointer root : roots(filesystem)) {
      if (root.level() > 0) {
        nodes.add(root);
      }
      for (int level = root.level() - 1; level > 0; level--) {
        nodes.addAll(nodes(filesystem, root.btree(), level));
      }
    }
    return nodes;
  }

  /** A leaf in the middle of that btree. */
  private static List<BtreePointer> leaf(ReadFilesystem filesystem, BtreeId btree) {
    List<BtreePointer> leaves = nodes(filesystem, btree.number(), 0);
    return List.of(leaves.get(leaves.size() / 2));
  }

  /** Zeroes nodes of a copy and shows what a rescue makes of the rest. */
  private static Rescued rescue(
      String name, Function<ReadFilesystem, List<BtreePointer>> destroyed) {
    return rescue(name, destroyed, 0);
  }

  /** The same, where as many bytes at the beginning of each node are left as they are. */
  private static Rescued rescue(
      String name, Function<ReadFilesystem, List<BtreePointer>> destroyed, int kept) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open(name).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    Map<String, BlockDevice> byName =
        devices.stream().collect(Collectors.toMap(BlockDevice::name, device -> device));
    try (ReadFilesystem whole = GoldenFilesystem.open(name, new ArrayList<>())) {
      for (BtreePointer node : destroyed.apply(whole)) {
        for (BtreePointer.Replica replica : node.replicas()) {
          if (byName.get(whole.devices().name(replica.device()))
              instanceof CopyOnWriteDevice device) {
            long from = replica.sector() * SECTOR + kept;
            device.zero(from, whole.superblock().btreeNodeBytes() - kept);
          }
        }
      }
    }
    List<Finding> findings = new CopyOnWriteArrayList<>();
    try (ReadFilesystem left = GoldenFilesystem.rescue(name, devices, findings)) {
      return new Rescued(
          TreeManifest.of(left.namespace(), left.data(), left.namespace().root()), findings);
    }
  }

  private static List<String> manifest(String name) {
    return GoldenImages.text(name, "manifest.txt").lines().toList();
  }

  private static String path(String line) {
    Matcher matcher = PATH.matcher(line);
    assertTrue(matcher.find(), line);
    return matcher.group(1);
  }

  /** The line without its path. */
  private static String withoutPath(String line) {
    return PATH.matcher(line).replaceFirst("");
  }

  /** What is left of them says where nodes were once, and how much of them was written then. */
  @ParameterizedTest
  @ValueSource(strings = {"default-1dev", "many-devices"})
  void everyFileIsAsItWasLastWithoutTheLastBsetsOfInteriorNodes(String name) {
    List<String> whole = rescue(name, _ -> List.of()).lines;
    assertEquals(whole, rescue(name, RescuedTreeTest::interiors, 4 * SECTOR).lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dirty-btree-small-nodes", "many-devices"})
  void everyFileComesBackWithoutInteriorNodes(String name) {
    SplittableRandom random = new SplittableRandom(SEED);
    boolean all = !name.equals("dirty-btree-small-nodes");
    Rescued rescued =
        rescue(
            name,
            whole ->
                interiors(whole).stream().filter(node -> all || random.nextInt(10) < 3).toList());
    assertTrue(new HashSet<>(rescued.lines).containsAll(manifest(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"casefold-default", "inodes-32bit", "quota", "tiered", "checksums-all"})
  void everyFileComesBackWithoutAnyRoot(String name) {
    Rescued rescued = rescue(name, RescuedTreeTest::roots);
    assertEquals(manifest(name), rescued.lines);
    List<String> names = rescued.findings.stream().map(Finding::name).toList();
    assertTrue(names.containsAll(List.of("subvol_missing", "snapshot_node_missing")));
  }

  /** Reflink pointers lead nowhere then: those files have an error, and no file is wrong. */
  @Test
  void withoutAnyRootNoFileIsWrong() {
    List<String> lines = rescue("default-1dev", RescuedTreeTest::roots).lines;
    Set<String> actual = new HashSet<>(lines);
    List<String> different =
        manifest("default-1dev").stream().filter(line -> !actual.contains(line)).toList();
    assertEquals(4, different.size());
    assertEquals(4, lines.stream().filter(line -> line.contains("\"error\": ")).count());
    assertEquals(manifest("default-1dev").size(), lines.size());
  }

  @Test
  void filesThatLoseTheirNamesAreFoundByNumber() {
    String name = "v139-snapshots";
    Rescued rescued = rescue(name, whole -> leaf(whole, BtreeId.DIRENTS));
    Set<String> paths =
        rescued.lines.stream().map(RescuedTreeTest::path).collect(Collectors.toSet());
    Set<String> byNumber =
        rescued.lines.stream()
            .filter(line -> path(line).startsWith(LOST))
            .map(RescuedTreeTest::withoutPath)
            .collect(Collectors.toSet());
    int lost = 0;
    for (String line : manifest(name)) {
      if (!paths.contains(path(line)) && !line.contains("\"hl\": ")) {
        assertTrue(byNumber.contains(withoutPath(line)), line);
        lost++;
      }
    }
    assertTrue(lost > 10);
    assertTrue(
        rescued.findings.stream().anyMatch(finding -> finding.name().equals("inode_unreachable")));
  }

  @Test
  void whereExtentsMayBeLostFilesHaveErrorsInsteadOfHoles() {
    String name = "multi-file-tree";
    Rescued rescued = rescue(name, whole -> leaf(whole, BtreeId.EXTENTS));
    Set<String> expected = new HashSet<>(manifest(name));
    List<String> different =
        rescued.lines.stream().filter(line -> !expected.contains(line)).toList();
    assertFalse(different.isEmpty());
    different.forEach(line -> assertTrue(line.contains("keys are lost"), line));
    assertEquals(expected.size(), rescued.lines.size());
  }

  /** Only what was stored once has errors; all else is as it was. */
  @Test
  void withoutOneOfThreeDevicesNoFileIsWrong() {
    String name = "replicas2-3dev";
    List<BlockDevice> devices = new ArrayList<>(GoldenImages.open(name));
    devices.removeFirst().close();
    List<Finding> findings = new CopyOnWriteArrayList<>();
    try (ReadFilesystem left = GoldenFilesystem.rescue(name, devices, findings)) {
      List<String> lines = TreeManifest.of(left.namespace(), left.data(), left.namespace().root());
      Set<String> expected = new HashSet<>(manifest(name));
      List<String> different = lines.stream().filter(line -> !expected.contains(line)).toList();
      assertEquals(expected.size(), lines.size());
      assertFalse(different.isEmpty());
      different.forEach(line -> assertTrue(line.contains("no copy can be read"), line));
    }
  }

  @Test
  void aWholeFilesystemShowsNothingMoreWhenItIsRescued() {
    Rescued rescued = rescue("v128-default", whole -> List.of());
    assertEquals(manifest("v128-default"), rescued.lines);
    assertEquals(List.of(), rescued.findings);
  }
}
