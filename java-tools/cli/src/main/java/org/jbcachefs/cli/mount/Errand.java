// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Work that a thread of its own does whenever somebody wants it done. Who wants it while it is
 * being done has it done once more. Thread-safe.
 */
final class Errand {
  private final Runnable work;
  private final Thread thread;
  private final AtomicBoolean wanted = new AtomicBoolean();
  private volatile boolean over;

  /**
   * @param name of the thread
   * @param work must not throw
   */
  Errand(String name, Runnable work) {
    this.work = work;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /** From now on it is done; what was wanted before, too. */
  void start() {
    thread.start();
  }

  /** It is to be done soon; costs next to nothing where that is known already. */
  void wanted() {
    if (!wanted.get() && wanted.compareAndSet(false, true)) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!over) {
      if (wanted.getAndSet(false)) {
        work.run();
      } else {
        LockSupport.park(this);
      }
    }
  }

  /** Waits until it is not being done, and does it no more; nothing if it was never started. */
  void end() throws InterruptedException {
    over = true;
    LockSupport.unpark(thread);
    thread.join();
  }
}
