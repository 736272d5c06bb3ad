// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

/** Threads that serve the requests of one mounted connection until it is unmounted. */
public interface Transport {
  /** "/dev/fuse" or "io_uring", and how many threads. */
  String description();

  /** Begins to serve; returns at once. */
  void start();

  /** Waits until the filesystem is unmounted and the last request is answered. */
  void awaitEnd() throws InterruptedException;
}
