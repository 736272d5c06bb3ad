// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

/**
 * Something that has happened to an open device, and that nobody asked for.
 *
 * @param value of a resized device its size in bytes now, which {@link BlockDevice#size} does not
 *     follow; else 0
 */
public record DeviceEvent(BlockDevice device, Kind kind, long value) {
  /** What happened. */
  public enum Kind {
    /** The device is gone; whatever is asked of it fails. */
    GONE,
    RESIZED,
    /** It refuses writes from now on. */
    READ_ONLY,
    /** It takes writes again. */
    WRITABLE
  }
}
