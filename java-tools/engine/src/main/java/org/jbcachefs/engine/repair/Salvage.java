// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.KeySequence;
import org.jbcachefs.engine.recovery.DerivedBtrees;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.alloc.FreeSpace;
import org.jbcachefs.engine.repair.lost.LostListener;
import org.jbcachefs.engine.repair.lost.LostRanges;
import org.jbcachefs.engine.repair.lost.LostScan;
import org.jbcachefs.engine.repair.lost.SoundKeys;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/**
 * Btrees of which roots or nodes cannot be read, or whose nodes do not meet: what is left of them,
 * by the nodes that a scan of the devices finds, becomes the whole of them. Closing it closes what
 * it has opened.
 */
final class Salvage implements AutoCloseable {
  private static final int EXTENTS = BtreeId.EXTENTS.number();

  private final Set<Integer> damaged = new TreeSet<>();
  private final Set<Integer> derived = new TreeSet<>();
  private final List<LostRanges.Range> unreadable = new ArrayList<>();
  private final ReadFilesystem left;
  private final RepairOptions options;
  private final LostListener told;

  Salvage(Supplier<List<BlockDevice>> devices, RepairOptions options, LostListener told) {
    this.told = told;
    this.options = options;
    Topology heard = new Topology();
    OpenOptions checking = options.write().open().withKeyChecks(true).withFindings(heard);
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices.get(), checking)) {
      for (int btree : filesystem.btrees().present()) {
        BtreeId id = BtreeId.of(btree);
        if (!isSound(filesystem.btrees(), btree, heard)) {
          (id != null && DerivedBtrees.ALL.contains(id) ? derived : damaged).add(btree);
        }
      }
    }
    this.left =
        damaged.isEmpty()
            ? null
            : ReadFilesystem.open(
                devices.get(), options.write().open().withRescue(true).withFindings(_ -> {}));
  }

  /** Counts what is found about how nodes fit together. */
  private static final class Topology implements java.util.function.Consumer<Finding> {
    private final AtomicInteger count = new AtomicInteger();
    private final java.util.Map<FsckError, ErrorMeaning> meanings = ErrorMeaning.readTable();

    @Override
    public void accept(Finding finding) {
      FsckError error = FsckError.named(finding.name()).orElse(null);
      if (error != null && meanings.get(error).foundBy().equals("check_topology")) {
        count.incrementAndGet();
      }
    }
  }

  private boolean isSound(Btrees btrees, int btree, Topology heard) {
    int before = heard.count.get();
    boolean readable = true;
    // The range that cannot be read lies between the keys before it and after it.
    Bpos last = Bpos.MIN;
    boolean lost = false;
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, Bpos.MAX)) {
      while (true) {
        try {
          boolean more = keys.next();
          if (lost) {
            unreadable(btree, last, more ? keys.key().pos() : Bpos.MAX);
            lost = false;
          }
          if (!more) {
            return readable && heard.count.get() == before;
          }
          last = btree == EXTENTS ? keys.key().pos() : last;
        } catch (CorruptionException e) {
          // Whoever checks has reported it.
          readable &= e.errorName().isEmpty();
          lost = true;
          if (!readable && btree != EXTENTS) {
            return false;
          }
        }
      }
    }
  }

  private void unreadable(int btree, Bpos from, Bpos to) {
    if (btree == EXTENTS) {
      unreadable.add(new LostRanges.Range(from, to));
    }
  }

  /** Numbers of these btrees. */
  Set<Integer> damaged() {
    return damaged;
  }

  /** Numbers of those btrees in such a state whose keys follow from others. */
  Set<Integer> derived() {
    return derived;
  }

  /** Makes them anew. */
  void rebuild(WritableFilesystem filesystem) {
    if (left == null) {
      return;
    }
    filesystem
        .repair()
        .allocateFrom(FreeSpace.of(left, options.check().memoryBytes(), options.check().spill()));
    for (int btree : damaged) {
      if (btree == EXTENTS) {
        rebuildExtents(filesystem);
        continue;
      }
      try (KeySequence keys =
          new SoundKeys(left.btrees(), btree, filesystem.superblock().version())) {
        filesystem.repair().rebuild(btree, keys);
      }
    }
  }

  private void rebuildExtents(WritableFilesystem filesystem) {
    boolean trusted = !derived.contains(BtreeId.BACKPOINTERS.number());
    try (LostScan scan = new LostScan(left, unreadable, options.check(), told);
        KeySequence keys = scan.run(trusted)) {
      filesystem.repair().rebuild(EXTENTS, keys);
    }
  }

  @Override
  public void close() {
    if (left != null) {
      left.close();
    }
  }
}
