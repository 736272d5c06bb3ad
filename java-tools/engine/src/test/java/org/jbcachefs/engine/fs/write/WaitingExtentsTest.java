// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.bkey.Bkey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many who write one file at a time share transactions, and what fails one fails no other. */
@Timeout(60)
class WaitingExtentsTest {
  private static final InodeId FILE = new InodeId(1, 4096);
  private static final int WRITERS = 8;

  private final List<Integer> together = Collections.synchronizedList(new ArrayList<>());
  private final List<Long> ends = Collections.synchronizedList(new ArrayList<>());

  private static List<Bkey> keys(long end) {
    return List.of(new Bkey().setPos(FILE.number(), end, 0).setSize(1));
  }

  /** One write is at work until the others wait; then all of them go at once. */
  private List<Future<?>> writeWhileOneIsAtWork(WaitingExtents extents, CountDownLatch first)
      throws InterruptedException {
    List<Future<?>> done = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS + 1)) {
      done.add(threads.submit(() -> extents.insert(FILE, keys(0), 0)));
      while (first.getCount() > 1) {
        Thread.onSpinWait();
      }
      for (long end = 1; end <= WRITERS; end++) {
        long own = end;
        done.add(threads.submit(() -> extents.insert(FILE, keys(own), own)));
      }
      while (extents.waiting(FILE) < WRITERS + 1) {
        Thread.onSpinWait();
      }
      first.countDown();
    }
    return done;
  }

  /** Counts down when the first is at work, and keeps it there until the test counts down, too. */
  private void note(List<WaitingExtents.Extents> writes, CountDownLatch first) {
    if (together.isEmpty()) {
      together.add(writes.size());
      first.countDown();
      try {
        first.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    } else {
      together.add(writes.size());
    }
    writes.forEach(each -> ends.add(each.end()));
  }

  @Test
  void whoCameMeanwhileGoTogether() throws Exception {
    CountDownLatch first = new CountDownLatch(2);
    WaitingExtents extents = new WaitingExtents((_, writes) -> note(writes, first));
    for (Future<?> each : writeWhileOneIsAtWork(extents, first)) {
      each.get();
    }
    assertEquals(List.of(1, WRITERS), together);
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L), ends.stream().sorted().toList());
    assertEquals(0, extents.waiting(FILE));
  }

  @Test
  void whatFailsOneFailsNoOther() throws Exception {
    CountDownLatch first = new CountDownLatch(2);
    WaitingExtents extents =
        new WaitingExtents((_, writes) -> {
          note(writes, first);
          if (writes.stream().anyMatch(each -> each.end() == 3)) {
            throw new IllegalArgumentException("the third");
          }
        });
    List<Future<?>> done = writeWhileOneIsAtWork(extents, first);
    for (int i = 0; i < done.size(); i++) {
      Future<?> each = done.get(i);
      if (i == 3) {
        Throwable cause =
            assertThrows(java.util.concurrent.ExecutionException.class, each::get).getCause();
        assertEquals("the third", cause.getMessage());
      } else {
        each.get();
      }
    }
    assertEquals(2 + WRITERS, together.size(), "all at once, then one by one");
    assertTrue(ends.containsAll(List.of(1L, 2L, 4L, 5L, 6L, 7L, 8L)));
    assertEquals(0, extents.waiting(FILE));
  }

  @Test
  void nobodyWaitsForAThreadThatEnded() throws Exception {
    CountDownLatch first = new CountDownLatch(2);
    WaitingExtents extents =
        new WaitingExtents((_, writes) -> {
          note(writes, first);
          if (writes.size() > 1) {
            throw new AssertionError("the machine is out of order");
          }
        });
    List<Future<?>> done = writeWhileOneIsAtWork(extents, first);
    done.getFirst().get();
    for (Future<?> each : done.subList(1, done.size())) {
      assertThrows(java.util.concurrent.ExecutionException.class, each::get);
    }
    assertEquals(0, extents.waiting(FILE));
  }
}
