// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

/**
 * What has happened to a claimed device. The newest of each kind is kept for each claim, so that
 * none is lost.
 *
 * @param claim the claim's number
 * @param value of a dead device 1 if it went by surprise; of a resized one its size in bytes; of
 *     one that became read-only 1, 0 if it can be written again
 */
public record ShimEvent(int claim, Kind kind, long value) {
  /** What happened. */
  public enum Kind {
    DEAD,
    RESIZED,
    READ_ONLY,
    /** Something that a newer module tells. */
    OTHER;

    static Kind of(int type) {
      return switch (type) {
        case ShimLayout.EVENT_DEAD -> DEAD;
        case ShimLayout.EVENT_RESIZED -> RESIZED;
        case ShimLayout.EVENT_READ_ONLY -> READ_ONLY;
        default -> OTHER;
      };
    }
  }
}
