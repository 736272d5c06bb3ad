// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.alloc;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.check.alloc.CounterMap;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.write.BtreeBitmaps;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/** What the superblock says of space: which sets of devices hold data, and where nodes may lie. */
final class SuperblockDifference {
  private final WritableFilesystem filesystem;

  SuperblockDifference(WritableFilesystem filesystem) {
    this.filesystem = filesystem;
  }

  /** Writes what is missing; how many changes of the superblock that took. */
  long run(CounterMap counters) {
    long before = filesystem.superblock().seq();
    for (Bpos pos : counters.positions()) {
      AccountingKey what = AccountingKey.of(pos);
      if (what.type() == AccountingType.REPLICAS.number() && counters.get(pos, 0) > 0) {
        AccountingKey.Replicas set = what.replicas();
        List<Integer> devices = set.devices().stream().filter(this::isMember).toList();
        if (devices.size() == set.devices().size()) {
          filesystem.repair().requireReplicas(set.dataType(), set.required(), devices);
        }
      }
    }
    List<BtreePointer> nodes = nodes();
    int sectors = filesystem.superblock().btreeNodeBytes() / 512;
    new BtreeBitmaps(filesystem.superblockWriter()).mark(nodes, sectors);
    return filesystem.superblock().seq() - before;
  }

  private boolean isMember(int device) {
    return device < filesystem.superblock().members().size()
        && filesystem.superblock().members().get(device).exists();
  }

  private List<BtreePointer> nodes() {
    List<BtreePointer> nodes = new ArrayList<>();
    for (int btree : filesystem.btrees().present()) {
      LiveNode root = filesystem.repair().root(btree);
      add(nodes, root.pointer());
      for (int level = root.level(); level > 0; level--) {
        try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          while (keys.next()) {
            add(nodes, BtreePointer.parse(btree, level - 1, keys.key(), Place.NOWHERE));
          }
        }
      }
    }
    return nodes;
  }

  private void add(List<BtreePointer> nodes, BtreePointer node) {
    if (node != null && node.replicas().stream().allMatch(copy -> isMember(copy.device()))) {
      nodes.add(node);
    }
  }
}
