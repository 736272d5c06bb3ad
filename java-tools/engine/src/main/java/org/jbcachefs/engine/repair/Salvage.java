// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyChecks;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.DerivedBtrees;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.alloc.FreeSpace;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.ErrorMeaning;
import org.jbcachefs.format.tables.FsckError;

/**
 * Btrees of which roots or nodes cannot be read, or whose nodes do not meet: what is left of them,
 * by the nodes that a scan of the devices finds, becomes the whole of them. Closing it closes what
 * it has opened.
 */
final class Salvage implements AutoCloseable {
  private final Set<Integer> damaged = new TreeSet<>();
  private final Set<Integer> derived = new TreeSet<>();
  private final ReadFilesystem left;
  private final RepairOptions options;

  Salvage(Supplier<List<BlockDevice>> devices, RepairOptions options) {
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

  private static boolean isSound(Btrees btrees, int btree, Topology heard) {
    int before = heard.count.get();
    try (KeyIterator keys = btrees.iterate(btree, Bpos.MIN, Bpos.MAX)) {
      boolean more = keys.next();
      while (more) {
        more = keys.next();
      }
      return heard.count.get() == before;
    } catch (CorruptionException e) {
      // Whoever checks has reported it.
      return e.errorName().isEmpty();
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
    KeyChecks checks = new KeyChecks(filesystem.superblock().version(), _ -> {});
    for (int btree : damaged) {
      try (KeyIterator keys = left.btrees().iterate(btree, Bpos.MIN, Bpos.MAX)) {
        filesystem.repair().rebuild(btree, new Accepted(keys, btree, checks));
      }
    }
  }

  /** Keys that do not contradict the format by themselves. */
  private record Accepted(KeyIterator keys, int btree, KeyChecks checks) implements KeyIterator {
    @Override
    public Bkey key() {
      return keys.key();
    }

    @Override
    public boolean next() {
      while (true) {
        try {
          if (!keys.next()) {
            return false;
          }
          if (checks.accept(btree, 0, keys.key(), Place.NOWHERE)) {
            return true;
          }
        } catch (CorruptionException e) {
          // The iterator goes on behind what cannot be read.
          checks.accept(btree, 0, keys.key(), Place.NOWHERE);
        }
      }
    }

    @Override
    public void seek(Bpos pos) {
      keys.seek(pos);
    }

    @Override
    public void close() {
      keys.close();
    }
  }

  @Override
  public void close() {
    if (left != null) {
      left.close();
    }
  }
}
