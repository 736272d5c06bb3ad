// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.snapshots;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.value.Subvolume;

/** All subvolumes of a filesystem, in memory. Thread-safe, immutable. */
public final class SubvolumeTable {
  private static final long MAX_ID = Integer.MAX_VALUE;

  private final NavigableMap<Integer, Subvolume> subvolumes;

  private SubvolumeTable(NavigableMap<Integer, Subvolume> subvolumes) {
    this.subvolumes = Collections.unmodifiableNavigableMap(subvolumes);
  }

  /** Reads the subvolumes btree. */
  public static SubvolumeTable read(Btrees btrees) {
    NavigableMap<Integer, Subvolume> found = new TreeMap<>();
    int btree = BtreeId.SUBVOLUMES.number();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.of(0, 1), Bpos.of(0, MAX_ID))) {
      while (keys.next()) {
        Bkey key = keys.key();
        if (key.type() == KeyType.SUBVOLUME.number()) {
          found.put((int) key.offset(), Subvolume.decode(key));
        }
      }
    }
    return new SubvolumeTable(found);
  }

  /**
   * Reads what is left of the subvolumes btree and makes up the subvolumes that are missing.
   *
   * @param findings told of every subvolume that was made up
   */
  public static SubvolumeTable rescue(Btrees btrees, Consumer<Finding> findings) {
    return new SubvolumeTable(SubvolumeRepair.read(btrees, findings));
  }

  static NavigableMap<Integer, Subvolume> readAll(Btrees btrees) {
    return read(btrees).subvolumes;
  }

  /** The subvolume with that id, or null if there is none. */
  public Subvolume get(int id) {
    return subvolumes.get(id);
  }

  /** Whether there is a subvolume with that id, and what is in it may be changed. */
  public boolean isWritable(int id) {
    Subvolume subvolume = get(id);
    return subvolume != null && !subvolume.readOnly();
  }

  /** All subvolumes by id, ascending. */
  public NavigableMap<Integer, Subvolume> all() {
    return subvolumes;
  }
}
