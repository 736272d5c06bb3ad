// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

/**
 * Where free buckets come from while the btrees that should say so cannot be trusted. Thread-safe.
 */
public interface FreeSource {
  /** How many buckets of a device are known to be free. */
  long count(int device);

  /** The first free bucket of a device from that one on; -1 if there is none. */
  long next(int device, long from);
}
