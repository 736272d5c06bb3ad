// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;

/**
 * Gives the extents of a commit the notes that options ask for. Whose options: those of the inode
 * as the extent's snapshot sees it after the commit. Belongs to one thread, works under the commit
 * lock. Source: {@code bch2_extent_trigger_set_needs_reconcile}, {@code bch2_bkey_get_io_opts}.
 */
public final class ReconcileTrigger {
  private static final int EXTENTS = BtreeId.EXTENTS.number();
  private static final int REFLINK = BtreeId.REFLINK.number();
  private static final int INODES = BtreeId.INODES.number();

  private final EffectiveOptions effective;
  private final ReconcileMark mark;
  private final Supplier<SnapshotTable> snapshots;
  private final Map<Bpos, ReconcileOptions> known = new HashMap<>();
  private final Bkey inodeKey = new Bkey();
  private boolean inUse;

  /** Keys as a commit leaves them. */
  @FunctionalInterface
  public interface Outcome {
    /** Reads the key at a position; false if there will be none. */
    boolean lookup(int btree, Bpos pos, Bkey out);
  }

  public ReconcileTrigger(
      EffectiveOptions effective, ExtentEntrySizes sizes, Supplier<SnapshotTable> snapshots) {
    this.effective = effective;
    this.mark = new ReconcileMark(effective, sizes);
    this.snapshots = snapshots;
  }

  /** Another commit begins. */
  public void begin() {
    known.clear();
    inUse = mark.isInUse();
  }

  /** The leaf key as it must be; the same object if nothing is to be changed. */
  public Bkey noted(int btree, Bkey key, Outcome outcome) {
    if (!inUse) {
      return key;
    }
    if (btree == EXTENTS && key.type() == KeyType.EXTENT.number()) {
      return mark.noted(key, optionsOf(key.inode(), key.snapshot(), outcome));
    }
    if (btree == REFLINK && key.type() == KeyType.REFLINK_V.number()) {
      long note = mark.noteOf(key);
      return mark.noted(
          key,
          note == 0
              ? ReconcileOptions.of(null, effective)
              : ReconcileOptions.ofShared(note, effective));
    }
    return key;
  }

  /** A pointer to a node that is not as options want it asks for a scan of everything. */
  public void node(KeyAccess keys, Bkey pointer) {
    boolean noted =
        inUse
            && effective.superblock().versionIncompatAllowed()
                >= MetadataVersion.RECONCILE.number();
    if (noted && mark.needsWork(pointer, ReconcileOptions.ofNodes(effective))) {
      ReconcileLists.scanAll(keys);
    }
  }

  /** Whether the superblock allows the version, but does not say yet that it is used. */
  public boolean lacksVersion() {
    return effective.superblock().versionIncompat()
        < MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S.number();
  }

  ReconcileOptions optionsOf(long inode, int snapshot, Outcome outcome) {
    Bpos place = new Bpos(0, inode, snapshot);
    ReconcileOptions options = known.get(place);
    if (options == null) {
      options = ReconcileOptions.of(find(place, outcome), effective);
      known.put(place, options);
    }
    return options;
  }

  private Inode find(Bpos place, Outcome outcome) {
    if (outcome.lookup(INODES, place, inodeKey)) {
      return Inode.is(inodeKey) ? Inode.decode(inodeKey) : null;
    }
    for (int ancestor : snapshots.get().lineage(place.snapshot())) {
      if (outcome.lookup(INODES, new Bpos(0, place.offset(), ancestor), inodeKey)) {
        return Inode.is(inodeKey) ? Inode.decode(inodeKey) : null;
      }
    }
    return null;
  }
}
