// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

/**
 * What becomes of a mounted filesystem whose metadata turn out to contradict themselves or cannot
 * be read: the choices of the option {@code errors}. Metadata that cannot be written make it
 * read-only whatever the choice. Source: {@code bch_error_actions}.
 */
public enum ErrorPolicy {
  /** It is told, and everything goes on. */
  CONTINUE,
  /** What is safe to repair is for fsck; until then nothing is changed any more. */
  FIX_SAFE,
  /** The daemon ends as if it were killed. */
  PANIC,
  /** Nothing is changed any more. */
  READ_ONLY;

  /** By its number in superblocks; what no version knows is taken for the default. */
  public static ErrorPolicy of(long number) {
    return switch ((int) number) {
      case 0 -> CONTINUE;
      case 2 -> PANIC;
      case 3 -> READ_ONLY;
      default -> FIX_SAFE;
    };
  }
}
