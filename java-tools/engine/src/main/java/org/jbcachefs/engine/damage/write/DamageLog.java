// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.damage.write;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.data.ReadErrors;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.sb.ErrorsV2Section;
import org.jbcachefs.format.tables.FsckError;

/**
 * What readers of a filesystem in use meet, counted in memory until {@link #write} puts it on
 * record. Thread-safe.
 */
public final class DamageLog {
  /** So many different errors of different inodes are kept; what comes then is not recorded. */
  private static final int MOST = 1 << 12;

  private static final Comparator<Bpos> BY_INODE =
      Comparator.comparingLong(Bpos::offset).thenComparingInt(Bpos::snapshot);

  private final BooleanSupplier kept;
  private final InstantSource clock;
  private final Map<Met, ErrorsV2Section.Entry> waiting = new ConcurrentHashMap<>();
  private final Set<Met> told = ConcurrentHashMap.newKeySet();

  /** An error of an inode, by where its key lies. */
  private record Met(Bpos inode, FsckError error) {}

  /**
   * @param kept whether the filesystem's version has such records
   */
  public DamageLog(BooleanSupplier kept, InstantSource clock) {
    this.kept = kept;
    this.clock = clock;
  }

  /** For whoever reads since somebody wants to know: each time counts. */
  public ReadErrors ofUsers() {
    return this::note;
  }

  /** For work in the background, which tries again and again: the first time counts. */
  public ReadErrors ofBackground() {
    return (owner, error) -> {
      if (told.size() < MOST && told.add(met(owner, error))) {
        note(owner, error);
      }
    };
  }

  private static Met met(Bkey owner, FsckError error) {
    return new Met(new Bpos(0, owner.inode(), owner.snapshot()), error);
  }

  private void note(Bkey owner, FsckError error) {
    // Shared extents are nobody's.
    if (owner.inode() == 0 || !kept.getAsBoolean()) {
      return;
    }
    Met met = met(owner, error);
    if (waiting.size() < MOST || waiting.containsKey(met)) {
      long now = clock.instant().getEpochSecond();
      waiting.merge(
          met,
          new ErrorsV2Section.Entry(error.number(), 1, now, now),
          (old, more) ->
              new ErrorsV2Section.Entry(old.id(), old.count() + 1, old.firstTime(), now));
    }
  }

  /** Whether there is nothing to be written. */
  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  /**
   * Puts what was met on record.
   *
   * @param transact runs a transaction
   */
  public void write(Consumer<Consumer<Transaction>> transact) {
    Map<Bpos, List<ErrorsV2Section.Entry>> byInode = new TreeMap<>(BY_INODE);
    for (Met met : List.copyOf(waiting.keySet())) {
      ErrorsV2Section.Entry entry = waiting.remove(met);
      if (entry != null) {
        byInode.computeIfAbsent(met.inode(), _ -> new ArrayList<>()).add(entry);
      }
    }
    DamageKeys.add(byInode, transact);
  }
}
