// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;

class ListCommandTest {
  private final Outside outside = new Outside();

  private int list(String image, String... options) {
    List<String> words = new ArrayList<>(List.of("list"));
    words.addAll(List.of(options));
    GoldenImages.images(image).forEach(path -> words.add(path.toString()));
    return new Dispatcher(outside.surroundings()).run(words);
  }

  private List<String> lines() {
    return outside.out().lines().toList();
  }

  @Test
  void listsKeysInTheReferencesManner() {
    assertEquals(ExitCode.DONE, list("snapshots", "-b", "dirents", "-s", "4096", "-e", "4097"));
    assertEquals(
        "u64s 7 type dirent 4096:900996018687580203:U32_MAX len 0 ver 0: "
            + "sv1 -> 1 -> 2 type subvol",
        lines().getFirst());
    assertTrue(lines().stream().allMatch(line -> line.startsWith("u64s ")));
  }

  @Test
  void aStartInASnapshotListsWhatThatSnapshotSees() {
    assertEquals(ExitCode.DONE, list("snapshots", "-b", "inodes", "-k", "inode_v3"));
    long all = lines().stream().filter(line -> line.startsWith("u64s")).count();
    Outside one = new Outside();
    List<String> words = new ArrayList<>(List.of("list", "-b", "inodes", "-s", "0:0:4294967295"));
    words.add(GoldenImages.images("snapshots").getFirst().toString());
    assertEquals(ExitCode.DONE, new Dispatcher(one.surroundings()).run(words));
    long seen = one.out().lines().filter(line -> line.startsWith("u64s")).count();
    assertTrue(seen > 0 && seen < all, seen + " of " + all);
  }

  @Test
  void listsNodesOfALevelAndAbove() {
    assertEquals(ExitCode.DONE, list("multi-file-tree", "-m", "nodes", "-b", "inodes"));
    assertEquals(27, outside.out().split("type btree_ptr_v2", -1).length - 1);
  }

  @Test
  void listsFormatsAndBsets() {
    assertEquals(ExitCode.DONE, list("snapshots", "-m", "formats", "-b", "inodes", "-l", "1"));
    assertEquals("l 1 POS_MIN - SPOS_MAX:", lines().getFirst());
    assertTrue(outside.out().contains("    format: u64s "));
    assertTrue(outside.out().contains("% full)"));
    assertEquals(ExitCode.DONE, list("snapshots", "-m", "nodes-ondisk", "-b", "dirents"));
    assertTrue(outside.out().contains("  offset 2 version 1062, journal seq 17\n"));
    assertTrue(outside.out().contains("type deleted"));
  }

  @Test
  void jsonLinesHoldOneKeyEachAndEndWithTheEnvelope() {
    assertEquals(ExitCode.DONE, list("snapshots", "--json=lines", "-b", "subvolumes"));
    assertEquals(13, lines().size());
    assertTrue(lines().getFirst().startsWith("{\"btree\":\"subvolumes\",\"level\":0,\"pos\":"));
    assertTrue(lines().getLast().startsWith("{\"jbcachefs_json\":1,\"command\":\"list\""));
  }

  @Test
  void readsEveryNodeFirstWhenAsked() {
    assertEquals(ExitCode.DONE, list("reflink", "-f", "-b", "snapshots"));
    assertEquals("", outside.err());
  }

  @Test
  void unknownNamesAreErrorsOfUsage() {
    assertEquals(ExitCode.USAGE, list("reflink", "-b", "nonsense"));
    assertEquals(ExitCode.USAGE, list("reflink", "-m", "nonsense"));
    assertEquals(ExitCode.USAGE, list("reflink", "-s", "nonsense"));
  }
}
