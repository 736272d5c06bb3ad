// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.journal.JsetCheck;
import org.jbcachefs.format.journal.JsetValue;

/**
 * Reads the journal of a filesystem that was not shut down cleanly, from all its devices at once,
 * and says what it adds to the btrees. Nothing is written. Immutable; each call stands for itself.
 *
 * <p>What is wrong becomes a {@link Finding}, and reading goes on with what is left. Only entries
 * that nobody can read are thrown for: {@link org.jbcachefs.format.error.RefusedException} for
 * those of a big-endian machine.
 */
public final class JournalReader {
  private final JournalFormat format;
  private final List<JournalDevice> devices;
  private final SeqBlacklist blacklist;
  private final int threads;

  /**
   * @param devices members that may hold journal entries
   * @param blacklist as the superblock has it
   * @param threads how many devices to read at a time
   */
  public JournalReader(
      JournalFormat format, List<JournalDevice> devices, SeqBlacklist blacklist, int threads) {
    this.format = format;
    this.devices = List.copyOf(devices);
    this.blacklist = blacklist;
    this.threads = threads;
  }

  /**
   * What the clean section says, the journal unread.
   *
   * @param journalSeq the section's
   * @param entries the section's
   */
  public static JournalReplay clean(
      long journalSeq, MemorySegment entries, SeqBlacklist blacklist) {
    FindingList findings = new FindingList();
    new JsetCheck(Place.structure("superblock section clean"), findings::add)
        .checkEntries(entries, 0, entries.byteSize());
    OverlayBuilder builder = new OverlayBuilder();
    builder.addEntries(entries, 0, entries.byteSize());
    return new JournalReplay(
        true,
        0,
        journalSeq,
        journalSeq,
        builder.keyVersion(),
        builder.readClock(),
        builder.writeClock(),
        builder.datetime(),
        builder.build().withoutKeys(),
        blacklist.with(builder.blacklisted()),
        findings.toList());
  }

  /** Every entry on every device, live or not. */
  public JournalIndex readAll() {
    return scan(DeviceScan::readAll);
  }

  /** The entries that count, and what is wrong with them; every bucket is read. */
  public JournalReplay replayAll() {
    return replay(readAll());
  }

  /** What the journal adds to the btrees. */
  public JournalReplay replay() {
    JournalIndex index = scan(DeviceScan::readLive);
    return index.findings().isEmpty() && ReplayRange.of(index, blacklist).findings().isEmpty()
        ? replay(index)
        : replayAll();
  }

  /**
   * What the journal adds to the btrees as they were at some flush entry: what later ones did is
   * undone with the help of what they say they overwrote. Data that was freed since may have been
   * overwritten.
   *
   * @throws RefusedException if there is no such entry among those that count
   */
  public JournalReplay replayTo(long seq) {
    JournalIndex index = readAll();
    ReplayRange range = ReplayRange.of(index, blacklist);
    JournalEntry target = index.find(seq);
    boolean usable =
        target != null
            && target.good()
            && !target.noFlush()
            && !blacklist.contains(seq)
            && Long.compareUnsigned(seq, range.last()) <= 0;
    if (!usable) {
      throw new RefusedException(
          "journal_rewind",
          Place.structure("journal"),
          "there is no flush entry "
              + Long.toUnsignedString(seq)
              + " to go back to; journal_rewind_info lists those that there are");
    }
    ReplayLoad load = new ReplayLoad(format, List.of(), new FindingList());
    load.load(range.entries());
    List<JsetValue.Rewind> rewinds = new ArrayList<>(load.rewinds());
    rewinds.add(new JsetValue.Rewind(range.last(), seq));
    return rewound(index, rewinds);
  }

  private JournalReplay replay(JournalIndex found) {
    FindingList findings = new FindingList();
    ReplayRange range = ReplayRange.of(found, blacklist);
    findings.addAll(found.findings());
    findings.addAll(range.findings());
    ReplayLoad load = new ReplayLoad(format, List.of(), findings);
    OverlayBuilder builder = load.load(range.entries());
    return load.rewinds().isEmpty()
        ? result(range, found, builder, findings)
        : rewound(readAll(), load.rewinds());
  }

  /** Once more, with older entries, and those in the ranges undone. */
  private JournalReplay rewound(JournalIndex index, List<JsetValue.Rewind> rewinds) {
    FindingList findings = new FindingList();
    findings.addAll(index.findings());
    ReplayRange range = ReplayRange.of(index, blacklist);
    long first = range.first();
    for (JsetValue.Rewind rewind : rewinds) {
      JournalEntry target = index.find(rewind.to());
      if (target == null) {
        findings.add(
            new Finding(
                "journal_rewind_before_discard",
                Place.structure("journal"),
                "entry "
                    + Long.toUnsignedString(rewind.to())
                    + " that was rewound to is not there"));
      } else if (Long.compareUnsigned(target.lastSeq(), first) < 0) {
        first = target.lastSeq();
      }
    }
    range = range.from(first, index, blacklist);
    findings.addAll(range.findings());
    OverlayBuilder builder = new ReplayLoad(format, rewinds, findings).load(range.entries());
    return result(range, index, builder, findings);
  }

  private JournalReplay result(
      ReplayRange range, JournalIndex index, OverlayBuilder builder, FindingList findings) {
    List<SeqBlacklist.Range> further = new ArrayList<>(builder.blacklisted());
    long end = index.newestSeq() + 1 + SeqBlacklist.SKIPPED;
    if (range.last() != 0) {
      further.add(new SeqBlacklist.Range(range.last() + 1, end));
    }
    return new JournalReplay(
        false,
        range.first(),
        range.last(),
        index.newestSeq(),
        builder.keyVersion(),
        builder.readClock(),
        builder.writeClock(),
        builder.datetime(),
        builder.build(),
        blacklist.with(further),
        findings.toList());
  }

  private JournalIndex scan(Consumer<DeviceScan> how) {
    List<JournalCopy> copies = new ArrayList<>();
    List<Finding> findings = new ArrayList<>();
    for (DeviceScan scan : scans(how)) {
      copies.addAll(scan.copies());
      findings.addAll(scan.findings());
    }
    return JournalIndex.of(copies, findings);
  }

  private List<DeviceScan> scans(Consumer<DeviceScan> how) {
    int parallel = Math.min(threads, devices.size());
    if (parallel <= 1) {
      return devices.stream().map(device -> scan(device, how)).toList();
    }
    List<Callable<DeviceScan>> tasks = new ArrayList<>();
    devices.forEach(device -> tasks.add(() -> scan(device, how)));
    List<DeviceScan> done = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(parallel)) {
      for (Future<DeviceScan> scan : executor.invokeAll(tasks)) {
        done.add(scan.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DeviceException(Place.structure("journal"), "interrupted while reading", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
    return done;
  }

  private DeviceScan scan(JournalDevice device, Consumer<DeviceScan> how) {
    try (DeviceScan scan = new DeviceScan(format, device)) {
      how.accept(scan);
      return scan;
    }
  }
}
