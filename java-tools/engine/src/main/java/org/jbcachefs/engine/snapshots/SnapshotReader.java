// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Snapshot;

/** Reads the snapshots btree into a {@link SnapshotTable}. */
final class SnapshotReader {
  /** The last position that a snapshot can have. */
  static final Bpos LAST = Bpos.of(0, 0xffffffffL);

  private SnapshotReader() {}

  static SnapshotTable read(Btrees btrees) {
    List<Integer> ids = new ArrayList<>();
    List<Snapshot> nodes = new ArrayList<>();
    int btree = BtreeId.SNAPSHOTS.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, LAST)) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.SNAPSHOT.number() && key.inode() == 0 && key.offset() != 0) {
          ids.add((int) key.offset());
          nodes.add(Snapshot.decode(key));
        }
      }
    }
    return new SnapshotTable(
        ids.stream().mapToInt(Integer::intValue).toArray(), nodes.toArray(Snapshot[]::new));
  }
}
