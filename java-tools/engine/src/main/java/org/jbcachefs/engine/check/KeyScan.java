// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;

/**
 * One look through a level of a btree, its ranges side by side. What the workers find is handed on
 * range by range, so that the order does not depend on threads.
 */
final class KeyScan<W extends KeyWorker> {
  /** More ranges than threads, so that none waits long for the last one. */
  private static final int PIECES_PER_THREAD = 16;

  private static final int KEYS_PER_PROGRESS = 1 << 12;

  private final CheckContext context;
  private final int btree;
  private final int level;
  private final boolean wholeInodes;
  private final Function<Findings, W> workers;
  private final AtomicInteger done = new AtomicInteger();
  private List<Bpos> starts;

  KeyScan(
      CheckContext context,
      int btree,
      int level,
      boolean wholeInodes,
      Function<Findings, W> workers) {
    this.context = context;
    this.btree = btree;
    this.level = level;
    this.wholeInodes = wholeInodes;
    this.workers = workers;
  }

  private record Piece<W>(W worker, FindingBuffer findings) {}

  /** Runs it; the workers in the order of their ranges. */
  List<W> run() {
    starts = starts();
    List<Callable<Piece<W>>> pieces = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      int index = i;
      pieces.add(() -> piece(index));
    }
    List<W> finished = new ArrayList<>();
    Tasks.run(
        context.pool(),
        pieces,
        piece -> {
          context.release(piece.findings());
          finished.add(piece.worker());
        });
    return finished;
  }

  private List<Bpos> starts() {
    List<Bpos> found;
    try {
      int pieces = context.threads() == 1 ? 1 : context.threads() * PIECES_PER_THREAD;
      found = context.btrees().partition(btree, pieces);
    } catch (CorruptionException e) {
      // The damage is met again, and reported, where keys are read.
      return List.of(Bpos.MIN);
    }
    if (!wholeInodes) {
      return found;
    }
    List<Bpos> aligned = new ArrayList<>();
    for (Bpos start : found) {
      Bpos begin = Bpos.of(start.inode(), 0);
      if (aligned.isEmpty() || begin.compareTo(aligned.getLast()) > 0) {
        aligned.add(begin);
      }
    }
    return aligned;
  }

  private Piece<W> piece(int index) {
    FindingBuffer findings = new FindingBuffer();
    W worker = workers.apply(findings);
    Bpos from = starts.get(index);
    Bpos to = index + 1 < starts.size() ? starts.get(index + 1).predecessor() : Bpos.MAX;
    worker.begin(from, to);
    try (CheckKeys keys = new CheckKeys(context, btree, level, from, to, findings)) {
      walk(keys, worker, findings);
    }
    worker.end();
    context.progress(0, (double) done.incrementAndGet() / starts.size());
    return new Piece<>(worker, findings);
  }

  private void walk(CheckKeys keys, W worker, FindingBuffer findings) {
    long count = 0;
    while (keys.next()) {
      give(worker, keys.key(), findings);
      if (++count % KEYS_PER_PROGRESS == 0) {
        progress(KEYS_PER_PROGRESS);
      }
    }
    progress(count % KEYS_PER_PROGRESS);
  }

  /** A worker that meets damage elsewhere misses that one key. */
  private void give(W worker, Bkey key, FindingBuffer findings) {
    try {
      worker.key(key);
    } catch (CorruptionException e) {
      context.unreadable(e, findings);
    }
  }

  private void progress(long items) {
    context.progress(items, (double) done.get() / starts.size());
  }
}
