// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Whether a filesystem may be changed at the moment: everything that changes it goes through, and
 * whoever shuts it waits for those who are inside. Thread-safe.
 */
public final class ChangeGate {
  private enum State {
    OPEN,
    SHUT,
    /** For good: something went wrong. */
    BARRED
  }

  private final ReentrantReadWriteLock passing = new ReentrantReadWriteLock();
  private volatile State state;

  /** A gate that is open. */
  ChangeGate() {
    state = State.OPEN;
  }

  /** Goes in; false if nothing may be changed. Whoever went in {@link #leave}s. */
  public boolean enter() {
    if (state != State.OPEN) {
      return false;
    }
    boolean open = false;
    passing.readLock().lock();
    try {
      open = state == State.OPEN;
    } finally {
      if (!open) {
        passing.readLock().unlock();
      }
    }
    return open;
  }

  /** Comes out again. */
  public void leave() {
    passing.readLock().unlock();
  }

  /**
   * Nobody goes in from now on, and nobody is inside.
   *
   * @param last what is done last, by whom everybody waits for
   * @param millis how long to wait for those inside
   * @return false if somebody stayed inside that long: then the gate is as before
   */
  public boolean shut(Runnable last, long millis) throws InterruptedException {
    if (!passing.writeLock().tryLock(millis, TimeUnit.MILLISECONDS)) {
      return false;
    }
    try {
      if (state == State.OPEN) {
        last.run();
        state = State.SHUT;
      }
      return true;
    } finally {
      passing.writeLock().unlock();
    }
  }

  /**
   * Does something while nobody is inside; whoever wants to go in waits.
   *
   * @param millis how long to wait for those inside
   * @return false if somebody stayed inside that long: then nothing was done
   */
  public boolean alone(Runnable work, long millis) throws InterruptedException {
    if (!passing.writeLock().tryLock(millis, TimeUnit.MILLISECONDS)) {
      return false;
    }
    try {
      work.run();
      return true;
    } finally {
      passing.writeLock().unlock();
    }
  }

  /** Whether somebody waits to shut it: long work is to be interrupted. */
  public boolean isAwaited() {
    return passing.hasQueuedThreads();
  }

  /** Everybody may go in again; false if it is barred. */
  public synchronized boolean open() {
    if (state == State.BARRED) {
      return false;
    }
    state = State.OPEN;
    return true;
  }

  /** Nobody goes in any more, for good; true if that is new. Does not wait for those inside. */
  synchronized boolean bar() {
    boolean first = state != State.BARRED;
    state = State.BARRED;
    return first;
  }

  boolean isBarred() {
    return state == State.BARRED;
  }

  /** Whether it is shut, and could be opened. */
  public boolean isShut() {
    return state == State.SHUT;
  }
}
