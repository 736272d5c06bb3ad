// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.FoundNode;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeContext;

/**
 * Where a filesystem's btree nodes are: all that pointers lead to, seen through the journal; and as
 * soon as a node with pointers is lost, all that a scan of the devices finds too.
 */
final class NodePlaces {
  private final ReadFilesystem filesystem;
  private final int threads;
  private final List<Offsets> byDevice = new ArrayList<>();
  private long lost;

  NodePlaces(ReadFilesystem filesystem, int threads) {
    this.filesystem = filesystem;
    this.threads = threads;
    for (int device = 0; device < filesystem.devices().size(); device++) {
      byDevice.add(new Offsets());
    }
  }

  NodePlaces find() {
    for (int btree : filesystem.btrees().present()) {
      root(btree);
      for (int level = filesystem.btrees().rootLevel(btree); level > 0; level--) {
        pointers(btree, level);
      }
    }
    if (lost > 0) {
      NodeContext context = filesystem.nodes().context();
      for (FoundNode node :
          new NodeScan(filesystem.devices(), context, threads, bytes -> {}).run()) {
        node.replicas().forEach(this::add);
      }
    }
    return this;
  }

  private void root(int btree) {
    BtreeRoot root = filesystem.journal().overlay().root(btree);
    if (root == null) {
      return;
    }
    if (root.key() == null) {
      lost++;
      return;
    }
    pointer(btree, root.level(), root.key());
  }

  /** The pointers of a level; it goes on behind nodes that cannot be read. */
  private void pointers(int btree, int level) {
    try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
      boolean more = true;
      while (more) {
        try {
          more = keys.next();
        } catch (CorruptionException e) {
          lost++;
          continue;
        }
        if (more) {
          pointer(btree, level - 1, keys.key());
        }
      }
    } catch (CorruptionException e) {
      lost++;
    }
  }

  private void pointer(int btree, int level, Bkey key) {
    Place place = Place.structure("btree " + BtreeId.nameOf(btree) + " level " + level);
    try {
      BtreePointer.parse(btree, level, key, place).replicas().forEach(this::add);
    } catch (CorruptionException e) {
      lost++;
    }
  }

  private void add(BtreePointer.Replica replica) {
    if (replica.device() < byDevice.size()) {
      byDevice.get(replica.device()).add(replica.sector() * NodeContext.SECTOR_BYTES);
    }
  }

  /** Where nodes of a device begin, in bytes, ascending. */
  long[] on(int device) {
    return byDevice.get(device).sorted();
  }

  /** How many nodes with pointers, or pointers, could not be read. */
  long lost() {
    return lost;
  }
}
