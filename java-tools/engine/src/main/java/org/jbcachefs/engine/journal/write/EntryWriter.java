// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * Puts one entry on its devices: all devices' caches flushed first, so that whatever the entry
 * refers to is durable before it, then the entry itself.
 */
public final class EntryWriter {
  private final JournalSettings settings;
  private final DeviceSet devices;
  private final List<Integer> writable;
  private final ReplicasEntries replicas;
  private final WriteRules rules;

  /** Where an entry goes: a sector of a member. */
  record Target(int device, long sector) {}

  /**
   * @param writable indexes of all members that may be written to
   */
  public EntryWriter(
      JournalSettings settings,
      DeviceSet devices,
      List<Integer> writable,
      ReplicasEntries replicas,
      WriteRules rules) {
    this.settings = settings;
    this.devices = devices;
    this.writable = List.copyOf(writable);
    this.replicas = replicas;
    this.rules = rules;
  }

  /**
   * Takes room on as many devices as an entry wants, those that fail only if there are no others;
   * with the commit lock held.
   *
   * @param tried devices that did not take the entry
   * @return none if there are no devices left
   */
  List<Target> place(
      List<DeviceJournal> journals, EntryBuffer entry, long needed, Set<Integer> tried) {
    List<Target> targets = new ArrayList<>();
    int count = Math.max(1, journals.size());
    int first = (int) Long.remainderUnsigned(entry.seq(), count);
    List<DeviceJournal> order = new ArrayList<>(journals);
    // In turn, but none fills up before the others: any of them may have to do alone.
    Collections.rotate(order, -first);
    order.sort(
        Comparator.<DeviceJournal>comparingInt(ring -> isFailing(ring.device()) ? 1 : 0)
            .thenComparingInt(ring -> -ring.free(needed)));
    for (DeviceJournal ring : order) {
      boolean wanted = targets.size() < settings.replicas() && !tried.contains(ring.device());
      boolean needless = isFailing(ring.device()) && !targets.isEmpty();
      long sector = wanted && !needless ? ring.place(entry.sectors(), entry.seq(), needed) : -1;
      if (sector >= 0) {
        targets.add(new Target(ring.device(), sector));
        tried.add(ring.device());
      }
    }
    return targets;
  }

  /** Whether a device takes no writes at the moment. */
  boolean isFailing(int device) {
    return devices.health().isFailing(device);
  }

  /** Completes an entry, once, before it is written. */
  void seal(EntryBuffer entry) {
    entry.flag(Jset.HAS_OVERWRITES, !rules.hold(WriteRule.OVERWRITES_FLAG));
    entry.flag(Jset.NO_FLUSH, !rules.hold(WriteRule.FLUSH_ENTRIES));
    JsetIntegrity.seal(entry.jset(), settings.key());
  }

  /**
   * Writes the entry; where it is it is durable after {@link #force}.
   *
   * @param flushed whether all devices were flushed since what it leads to was written
   * @param took gets the devices that it is on
   * @return null, or why one of the devices did not take it
   * @throws DeviceException if a device cannot be flushed that may hold what is nowhere else
   */
  DeviceException write(
      EntryBuffer entry, List<Target> targets, boolean flushed, List<Integer> took) {
    if (replicas.anyJournal()) {
      requireReplicas(targets.stream().map(Target::device).toList());
    }
    if (!flushed && rules.hold(WriteRule.PREFLUSH)) {
      alive().forEach(this::flush);
    }
    devices.activity().count(PersistentCounter.JOURNAL_WRITE);
    DeviceException failure = null;
    for (Target target : targets) {
      try {
        devices.write(target.device, target.sector, entry.padded(), IoFlags.META | IoFlags.SYNC);
        long bytes = entry.padded().byteSize();
        devices.activity().wrote(DataType.JOURNAL, target.device, bytes);
        took.add(target.device);
      } catch (DeviceException e) {
        failure = e;
      }
    }
    return failure;
  }

  /** Where it is counted what is done with the journal. */
  Activity activity() {
    return devices.activity();
  }

  /**
   * Makes an entry that was written durable.
   *
   * @param wanted how many devices it was to be on
   * @param took the devices that it is on
   * @param all whether everything else that was written to any device is to be durable, too
   * @return null if it is durable, else why it is on no device for good
   */
  DeviceException force(int wanted, List<Integer> took, boolean all) {
    devices.activity().count(PersistentCounter.JOURNAL_FLUSH);
    List<Integer> good = new ArrayList<>();
    DeviceException failure = null;
    for (int device : all ? alive() : took) {
      DeviceException problem = forces() ? flush(device) : null;
      if (!took.contains(device)) {
        continue;
      }
      if (problem == null) {
        good.add(device);
      } else {
        failure = problem;
      }
    }
    if (good.isEmpty()) {
      return failure;
    }
    // Until the superblock is written too, the filesystem is as it was at its clean end.
    if (!replicas.anyJournal() || good.size() < wanted) {
      requireReplicas(good);
    }
    return null;
  }

  /**
   * Whether what was closed after {@link #force} began waits for a flush of its own, as it must.
   */
  boolean flushesAnew() {
    return rules.hold(WriteRule.SHARED_FLUSH);
  }

  /** Whether {@link #force} flushes, as it must. */
  boolean forces() {
    return rules.hold(WriteRule.FORCE_UNIT_ACCESS);
  }

  private List<Integer> alive() {
    return writable.stream().filter(index -> !devices.health().isStopped(index)).toList();
  }

  private void requireReplicas(List<Integer> on) {
    replicas.require(DataType.JOURNAL.number(), 1, on.stream().sorted().toList());
  }

  /** What other devices have too is durable there: it may be lost on one that fails. */
  private DeviceException flush(int device) {
    boolean alone = devices.health().beginFlush(device);
    try {
      devices.flush(device);
      return null;
    } catch (DeviceException e) {
      if (alone) {
        devices.health().wroteAlone(device);
        throw e;
      }
      return e;
    }
  }
}
