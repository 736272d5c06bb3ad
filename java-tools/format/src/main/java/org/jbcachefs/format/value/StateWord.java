// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

/**
 * States written as 32-bit words that differ from each other in so many bits that a few flipped
 * ones leave no doubt. Since version 1.39.
 */
final class StateWord {
  /** Words differ in 14 bits at least: up to six flipped ones can be told. */
  private static final int TOLERATED_FLIPS = 6;

  private StateWord() {}

  /** The word that is meant, or 0 if none is near (as in all keys from before 1.39). */
  static int nearest(int stored, int... words) {
    for (int word : words) {
      if (Integer.bitCount(stored ^ word) <= TOLERATED_FLIPS) {
        return word;
      }
    }
    return 0;
  }
}
