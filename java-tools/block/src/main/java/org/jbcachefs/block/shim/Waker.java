// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import org.jbcachefs.block.jni.NativeException;

/**
 * Lets threads wait for a descriptor until {@link #close}, which ends the waits and returns when
 * nobody is between {@link #await} and {@link #leave} any more. Thread-safe.
 */
final class Waker {
  private final int fd;
  private int users;
  private boolean closed;

  Waker() throws NativeException {
    fd = NativeException.check("make an eventfd", ShimNative.openWaker());
  }

  /**
   * Waits until there is something to read; then the descriptor stays open until {@link #leave}.
   *
   * @return false if this is closed; then there is nothing to leave
   */
  boolean await(int descriptor) throws NativeException {
    if (!enter()) {
      return false;
    }
    boolean ready = false;
    try {
      int answer = NativeException.check("wait for the module", ShimNative.await(descriptor, fd));
      ready = answer == ShimNative.READY;
      return ready;
    } finally {
      if (!ready) {
        leave();
      }
    }
  }

  /** Keeps {@link #close} waiting until {@link #leave}; false if this is closed. */
  synchronized boolean enter() {
    if (!closed) {
      users++;
    }
    return !closed;
  }

  synchronized void leave() {
    users--;
    notifyAll();
  }

  /**
   * Not between await and leave.
   *
   * @return whether this was the first time
   */
  boolean close() {
    boolean interrupted = false;
    synchronized (this) {
      if (closed) {
        return false;
      }
      closed = true;
      ShimNative.wake(fd);
      while (users > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    ShimNative.close(fd);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return true;
  }
}
