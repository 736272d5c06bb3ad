// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.bkey.Bkey;

/**
 * Extents whose data is written, and which wait for a transaction that puts them into their file.
 * While one is at work for a file, others of the same file gather: whoever comes next takes all of
 * them along, so that many who write one file at a time share transactions. Thread-safe.
 */
final class WaitingExtents {
  private static final int SECTOR_SHIFT = 9;

  /** Writes that go together at most. */
  private static final int TOGETHER_MOST = 32;

  private final Map<InodeId, ArrayDeque<Waiting>> files = new ConcurrentHashMap<>();
  private final BiConsumer<InodeId, List<Extents>> insert;

  /**
   * What one write puts into a file.
   *
   * @param keys one behind the other
   * @param end of what was written, in bytes
   */
  record Extents(List<Bkey> keys, long end) {
    /** Where what was written begins, in bytes. */
    long start() {
      return keys.getFirst().start() << SECTOR_SHIFT;
    }
  }

  /** One write, with the thread that waits for it. */
  private static final class Waiting {
    private final Extents extents;
    private final Thread thread = Thread.currentThread();

    /** Whether it is this thread's turn to take all along. */
    private volatile boolean leads;

    private volatile boolean done;
    private volatile RuntimeException failure;

    Waiting(Extents extents) {
      this.extents = extents;
    }

    void await() {
      while (!done && !leads) {
        LockSupport.park(this);
      }
    }

    void end(RuntimeException how) {
      failure = how;
      done = true;
      LockSupport.unpark(thread);
    }

    void giveUp() {
      if (!done) {
        end(new IllegalStateException("the thread that wrote for others as well has ended"));
      }
    }

    void lead() {
      leads = true;
      LockSupport.unpark(thread);
    }
  }

  /**
   * @param insert puts extents of several writes into a file; if it fails it is called again for
   *     each of them, whatever it has put in already
   */
  WaitingExtents(BiConsumer<InodeId, List<Extents>> insert) {
    this.insert = insert;
  }

  /** Returns when they are in the file; throws what the transaction did. */
  void insert(InodeId id, List<Bkey> keys, long end) {
    Waiting own = new Waiting(new Extents(keys, end));
    files.compute(
        id,
        (_, waiting) -> {
          ArrayDeque<Waiting> all = waiting == null ? new ArrayDeque<>() : waiting;
          own.leads = all.isEmpty();
          all.add(own);
          return all;
        });
    own.await();
    if (!own.done) {
      insertAll(id);
    }
    if (own.failure != null) {
      throw own.failure;
    }
  }

  /** How many writes of a file are not done yet. */
  int waiting(InodeId id) {
    int[] count = new int[1];
    files.computeIfPresent(
        id,
        (_, waiting) -> {
          count[0] = waiting.size();
          return waiting;
        });
    return count[0];
  }

  /** Inserts what waits; the first is the caller's. The next that came meanwhile leads on. */
  private void insertAll(InodeId id) {
    List<Waiting> together = new ArrayList<>();
    files.computeIfPresent(
        id,
        (_, waiting) -> {
          for (Waiting each : waiting) {
            if (together.size() < TOGETHER_MOST) {
              together.add(each);
            }
          }
          return waiting;
        });
    try {
      insert(id, together);
    } finally {
      // Whatever ended this thread, nobody waits for ever.
      together.forEach(Waiting::giveUp);
      files.computeIfPresent(
          id,
          (_, waiting) -> {
            together.forEach(waiting::remove);
            if (waiting.isEmpty()) {
              return null;
            }
            waiting.peek().lead();
            return waiting;
          });
    }
  }

  private void insert(InodeId id, List<Waiting> together) {
    try {
      insert.accept(id, together.stream().map(each -> each.extents).toList());
      together.forEach(each -> each.end(null));
    } catch (RuntimeException e) {
      if (together.size() == 1) {
        together.getFirst().end(e);
      } else {
        // What fails one need not fail the others.
        together.forEach(each -> insert(id, List.of(each)));
      }
    }
  }
}
