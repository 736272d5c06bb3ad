// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
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

  /** Takes room on as many devices as an entry wants; with the commit lock held. */
  List<Target> place(List<DeviceJournal> journals, int sectors, long seq, long needed) {
    List<Target> targets = new ArrayList<>();
    int first = (int) Long.remainderUnsigned(seq, journals.size());
    for (int step = 0; step < journals.size() && targets.size() < settings.replicas(); step++) {
      DeviceJournal journal = journals.get((first + step) % journals.size());
      long sector = journal.place(sectors, seq, needed);
      if (sector >= 0) {
        targets.add(new Target(journal.device(), sector));
      }
    }
    if (targets.isEmpty()) {
      throw new IllegalStateException("no device has room for journal entry " + seq);
    }
    return targets;
  }

  /**
   * Writes the entry; it is durable when this returns.
   *
   * @throws DeviceException if no device took it, or one that may hold other data cannot be flushed
   */
  void write(EntryBuffer entry, List<Target> targets) {
    entry.flag(Jset.HAS_OVERWRITES, !rules.hold(WriteRule.OVERWRITES_FLAG));
    entry.flag(Jset.NO_FLUSH, !rules.hold(WriteRule.FLUSH_ENTRIES));
    JsetIntegrity.seal(entry.jset(), settings.key());
    List<Integer> on = targets.stream().map(Target::device).sorted().toList();
    boolean first = !replicas.anyJournal();
    if (!first) {
      replicas.require(DataType.JOURNAL.number(), 1, on);
    }
    boolean alone = writable.size() == 1 && on.equals(writable);
    boolean preflush = rules.hold(WriteRule.PREFLUSH);
    if (preflush && !alone) {
      writable.forEach(index -> devices.device(index).flush());
    }
    // With one device the write itself can do it all.
    writeTo(entry, targets, preflush && alone ? IoFlags.PREFLUSH : 0);
    // Until the superblock is written too, the filesystem is as it was at its clean end.
    if (first) {
      replicas.require(DataType.JOURNAL.number(), 1, on);
    }
  }

  private void writeTo(EntryBuffer entry, List<Target> targets, int preflush) {
    int force = rules.hold(WriteRule.FORCE_UNIT_ACCESS) ? IoFlags.FUA : 0;
    BcachefsException failure = null;
    int wrote = 0;
    for (Target target : targets) {
      try {
        BlockDevice device = devices.device(target.device);
        device.write(target.sector << 9, entry.padded(), preflush | force | IoFlags.META);
        wrote++;
      } catch (DeviceException e) {
        failure = e;
      }
    }
    if (wrote == 0) {
      throw failure != null
          ? failure
          : new DeviceException(Place.structure("journal"), "no device takes journal entries");
    }
  }
}
