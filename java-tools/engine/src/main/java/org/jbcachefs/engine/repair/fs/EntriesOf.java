// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Subvolume;

/** The directory entries that lead to some inodes, found by one look over all of them. */
final class EntriesOf {
  private final Map<Long, List<Bpos>> entries = new HashMap<>();

  EntriesOf(RepairContext context, Set<Long> inodes) {
    if (inodes.isEmpty()) {
      return;
    }
    SubvolumeTable subvolumes = context.filesystem().subvolumes();
    try (KeyIterator keys =
        context.btrees().iterate(BtreeId.DIRENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.DIRENT.number()) {
          long target = Dirent.target(keys.key());
          if (Dirent.type(keys.key()) == Dirent.TYPE_SUBVOLUME) {
            Subvolume child = subvolumes.get((int) target);
            target = child == null ? 0 : child.inode();
          }
          if (inodes.contains(target)) {
            entries.computeIfAbsent(target, _ -> new ArrayList<>()).add(keys.key().pos());
          }
        }
      }
    }
  }

  List<Bpos> of(long inode) {
    return entries.getOrDefault(inode, List.of());
  }
}
