// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;

/**
 * A check of a whole filesystem: runs the passes one after the other, each on all threads. Reads
 * and reports, and changes nothing. One use.
 *
 * <p>The filesystem is opened with a {@link ReadingFindings} that is told of what reading finds;
 * what it has heard is reported before the first pass and after each one.
 */
public final class Check {
  private static final int REMEMBERED = 100_000;

  private final ReadFilesystem filesystem;
  private final ReadingFindings reading;
  private final CheckOptions options;
  private final List<CheckPass> passes;
  private final CheckListener listener;
  private final Damaged damaged = new Damaged();
  private final Map<Class<?>, Object> shared = new HashMap<>();
  private final Set<String> unreadable = ConcurrentHashMap.newKeySet();
  private final Set<String> reported = new HashSet<>();
  private final CheckSummary summary = new CheckSummary();
  private ExecutorService pool;

  /** A check by all passes, or those of them that the options name. */
  public Check(
      ReadFilesystem filesystem,
      ReadingFindings reading,
      CheckOptions options,
      CheckListener listener) {
    this(filesystem, reading, options, CheckPasses.all(), listener);
  }

  /**
   * @param passes those there are, see {@link CheckPasses}; the options choose among them
   */
  public Check(
      ReadFilesystem filesystem,
      ReadingFindings reading,
      CheckOptions options,
      List<CheckPass> passes,
      CheckListener listener) {
    this.filesystem = filesystem;
    this.reading = reading;
    this.options = options;
    this.passes = passes;
    this.listener = listener;
  }

  /** Runs everything that is to be run; what is wrong goes to the listener. */
  public CheckSummary run() {
    List<CheckPass> scheduled = PassSchedule.of(passes, options, filesystem.superblock());
    try (ExecutorService threads = Executors.newFixedThreadPool(options.threads())) {
      pool = threads;
      reportReading();
      for (CheckPass pass : scheduled) {
        run(pass);
      }
    }
    return summary;
  }

  private void run(CheckPass pass) {
    long began = System.nanoTime();
    listener.begin(pass.pass());
    CheckContext context = new CheckContext(this, pass.pass());
    try {
      pass.run(context);
    } catch (CorruptionException e) {
      // The rest of this pass needs what cannot be read; the others may not.
      context.unreadable(e, context);
    }
    reportReading();
    long nanoseconds = System.nanoTime() - began;
    summary.passed(pass.pass(), nanoseconds);
    listener.end(pass.pass(), nanoseconds);
  }

  private void reportReading() {
    for (CheckFinding finding : reading.take()) {
      report(finding);
    }
  }

  void report(CheckFinding finding) {
    if (reported.size() < REMEMBERED && !reported.add(finding.name() + finding.sentence())) {
      return;
    }
    if (finding.note()) {
      summary.addNote();
      listener.finding(finding);
      return;
    }
    summary.add(finding.name(), 1);
    if (summary.count(finding.name()) <= FindingBuffer.MOST_OF_ONE_KIND) {
      listener.finding(finding);
    }
  }

  void omitted(String name, long count) {
    summary.add(name, count);
  }

  void heard(Finding finding) {
    reading.accept(finding);
  }

  boolean firstTime(CorruptionException e) {
    return unreadable.size() >= REMEMBERED || unreadable.add(e.errorName() + e.sentence());
  }

  synchronized void forget(Class<?> type) {
    shared.remove(type);
  }

  synchronized <T> T shared(Class<T> type, Supplier<T> maker) {
    Object known = shared.get(type);
    if (known == null) {
      known = maker.get();
      shared.put(type, known);
    }
    return type.cast(known);
  }

  ReadFilesystem filesystem() {
    return filesystem;
  }

  CheckOptions options() {
    return options;
  }

  CheckListener listener() {
    return listener;
  }

  Damaged damaged() {
    return damaged;
  }

  ExecutorService pool() {
    return pool;
  }
}
