// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import org.jbcachefs.fuse.protocol.Opcode;

/** Answers requests; called by many threads at once, and never throws. */
@FunctionalInterface
public interface RequestHandler {
  /** The result for requests that get no reply, such as FORGET. */
  int NO_REPLY = Integer.MIN_VALUE;

  /**
   * Answers one request: puts the payload into {@link Request#reply}.
   *
   * @return the payload's length in bytes, a negative errno, or {@link #NO_REPLY}
   */
  int handle(Request request);

  /** Whether answering may take as long as devices do; a thread of its own is worth it then. */
  default boolean mayWait(Request request) {
    return Opcode.mayWait(request.opcode());
  }
}
