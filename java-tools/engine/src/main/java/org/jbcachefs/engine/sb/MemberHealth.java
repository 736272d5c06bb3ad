// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.tables.MemberError;

/**
 * How the devices of a filesystem behave while it is open: what failed on them, which of them take
 * no writes at the moment, and which are not written to any more. Thread-safe. Source: {@code
 * bch2_account_io_completion}.
 */
public final class MemberHealth {
  private final State[] members;
  private volatile Listener listener = new Listener() {};

  /** Whom failures are told. */
  public interface Listener {
    /**
     * Called by the thread that met it; must not wait.
     *
     * @param failure null for a wrong checksum
     */
    default void failed(int device, MemberError kind, DeviceException failure) {}

    /** Nothing is written to a device any more. */
    default void stopped(int device, String why) {}
  }

  /** What is known of one member. */
  private static final class State {
    final AtomicLong[] errors = new AtomicLong[MemberError.values().length];

    /** Whether a flush is all that makes data durable that has no other copy. */
    final AtomicBoolean aloneUnflushed = new AtomicBoolean();

    volatile boolean failing;
    volatile boolean stopped;

    State() {
      for (int i = 0; i < errors.length; i++) {
        errors[i] = new AtomicLong();
      }
    }
  }

  MemberHealth(int devices) {
    members = new State[devices];
    for (int i = 0; i < devices; i++) {
      members[i] = new State();
    }
  }

  /** Who is told of failures, instead of whoever was before. */
  public void tell(Listener other) {
    listener = other;
  }

  /** A write to the device succeeded. */
  void wrote(int device) {
    State state = members[device];
    if (state.failing) {
      state.failing = false;
    }
  }

  /** Something failed; counted until the superblock is written next. */
  public void failed(int device, MemberError kind, DeviceException failure) {
    State state = members[device];
    state.errors[kind.number()].incrementAndGet();
    if (kind == MemberError.WRITE) {
      state.failing = true;
    }
    listener.failed(device, kind, failure);
  }

  /** Whether the newest write to the device failed: others are tried first. */
  public boolean isFailing(int device) {
    return members[device].failing;
  }

  /**
   * Whether nothing is written to the device any more as long as the filesystem is open; false for
   * a number that no device has.
   */
  public boolean isStopped(int device) {
    return device >= 0 && device < members.length && members[device].stopped;
  }

  /**
   * From now on nothing new is written to the device; it is read as before.
   *
   * @param why as a clause
   */
  public void stop(int device, String why) {
    members[device].stopped = true;
    listener.stopped(device, why);
  }

  /** Errors since they were taken last; they are counted elsewhere from now on. */
  public long takeErrors(int device, MemberError kind) {
    return members[device].errors[kind.number()].getAndSet(0);
  }

  /** Whether there are errors that nobody has taken. */
  public boolean anyErrors() {
    for (State state : members) {
      for (AtomicLong count : state.errors) {
        if (count.get() != 0) {
          return true;
        }
      }
    }
    return false;
  }

  /** The device got something that is nowhere else; after the write, before it is relied on. */
  public void wroteAlone(int device) {
    AtomicBoolean alone = members[device].aloneUnflushed;
    if (!alone.get()) {
      alone.set(true);
    }
  }

  /** Before a flush: whether the device has something that is nowhere else and not flushed. */
  public boolean beginFlush(int device) {
    return members[device].aloneUnflushed.getAndSet(false);
  }
}
