// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

/**
 * Answers calls; by several threads at once. Never throws. Whoever reaches a transport may do what
 * the daemon's user may: transports let nobody else in but root.
 */
@FunctionalInterface
public interface ControlHandler {
  /**
   * Answers one call.
   *
   * @param message up to {@link ControlTransport#MOST_BYTES}
   * @return the answer, up to as many
   */
  byte[] answer(byte[] message);
}
