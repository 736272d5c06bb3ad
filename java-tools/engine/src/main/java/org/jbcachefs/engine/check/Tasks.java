// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Tasks that run side by side and are waited for in their order. */
final class Tasks {
  private Tasks() {}

  /** Runs them; their results in order. */
  static <T> List<T> run(ExecutorService pool, List<Callable<T>> tasks) {
    List<T> results = new ArrayList<>();
    run(pool, tasks, results::add);
    return results;
  }

  /** Runs them; each result is handed on when those before it were. */
  static <T> void run(ExecutorService pool, List<Callable<T>> tasks, Consumer<T> results) {
    List<Future<T>> running = new ArrayList<>();
    tasks.forEach(task -> running.add(pool.submit(task)));
    try {
      for (Future<T> future : running) {
        results.accept(join(future));
      }
    } finally {
      running.forEach(future -> future.cancel(false));
    }
  }

  /** Waits, and lets whatever ended the task go on here. */
  private static <T> T join(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
