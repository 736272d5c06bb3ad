// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

/** A way for calls to reach a daemon. */
public interface ControlTransport extends AutoCloseable {
  /** The longest message either way. */
  int MOST_BYTES = 1 << 20;

  /** Begins to serve, with threads of its own. Called once. */
  void start(ControlHandler handler);

  /** How it can be reached, for people. */
  String description();

  /** No more calls; those under way are not waited for. */
  @Override
  void close();
}
