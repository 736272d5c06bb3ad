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
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;
import org.jbcachefs.format.tables.DataType;

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
   * Writes the entry.
   *
   * @return null if it is durable, else why none of the devices took it
   * @throws DeviceException if a device cannot be flushed that may hold what is nowhere else
   */
  DeviceException write(EntryBuffer entry, List<Target> targets) {
    List<Integer> on = targets.stream().map(Target::device).sorted().toList();
    boolean first = !replicas.anyJournal();
    if (!first) {
      replicas.require(DataType.JOURNAL.number(), 1, on);
    }
    List<Integer> flushed =
        writable.stream().filter(index -> !devices.health().isStopped(index)).toList();
    boolean alone = flushed.size() == 1 && on.equals(flushed);
    boolean preflush = rules.hold(WriteRule.PREFLUSH);
    if (preflush && !alone) {
      flushed.forEach(this::flush);
    }
    // With one device the write itself can do it all.
    List<Integer> took = new ArrayList<>();
    DeviceException failure =
        writeTo(entry, targets, preflush && alone ? IoFlags.PREFLUSH : 0, took);
    if (took.isEmpty()) {
      return failure;
    }
    // Until the superblock is written too, the filesystem is as it was at its clean end.
    if (first || took.size() < on.size()) {
      replicas.require(DataType.JOURNAL.number(), 1, took.stream().sorted().toList());
    }
    return null;
  }

  /** What other devices have too is durable there: it may be lost on one that fails. */
  private void flush(int device) {
    boolean alone = devices.health().beginFlush(device);
    try {
      devices.flush(device);
    } catch (DeviceException e) {
      if (alone) {
        devices.health().wroteAlone(device);
        throw e;
      }
    }
  }

  /** Why one did not take it, if one did not; those that did are added. */
  private DeviceException writeTo(
      EntryBuffer entry, List<Target> targets, int preflush, List<Integer> took) {
    int force = rules.hold(WriteRule.FORCE_UNIT_ACCESS) ? IoFlags.FUA : 0;
    DeviceException failure = null;
    for (Target target : targets) {
      try {
        devices.write(
            target.device, target.sector, entry.padded(), preflush | force | IoFlags.META);
        took.add(target.device);
      } catch (DeviceException e) {
        failure = e;
      }
    }
    return failure;
  }
}
