// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A leaf that cannot be read is what is wrong, not everything that was in it. */
class LostNodeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "alloc",
        "backpointers",
        "freespace",
        "need_discard",
        "lru",
        "accounting",
        "bucket_gens",
        "extents",
        "inodes",
        "dirents",
        "xattrs",
        "snapshots",
        "subvolumes",
        "reflink"
      })
  void oneFindingStandsForAllKeysOfALostLeaf(String btree) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open("snapshots").forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    new ImageEditor(devices, OpenOptions.defaults()).runAll("kill " + btree + ":0:0");
    CheckRun run = CheckRun.of("snapshots", devices, CheckOptions.defaults().withThreads(2));
    Set<String> names = new TreeSet<>();
    run.findings().forEach(finding -> names.add(finding.name()));
    // Of a btree that is one node the root is lost, and perhaps there is no older node of it.
    names.remove("btree_root_unreadable_and_scan_found_nothing");
    assertTrue(
        names.remove("btree_node_read_error") ^ names.remove("btree_root_read_error"), run::text);
    assertEquals(Set.of("btree_node_bad_magic"), names, run::text);
  }
}
