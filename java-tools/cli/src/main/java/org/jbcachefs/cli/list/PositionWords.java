// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.list;

import org.jbcachefs.cli.UsageException;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/** Positions, btrees and key types as people write them. */
public final class PositionWords {
  private PositionWords() {}

  /**
   * A position: POS_MIN, POS_MAX, SPOS_MAX or inode[:offset[:snapshot]], where the numbers may be
   * U64_MAX and U32_MAX.
   *
   * @throws UsageException if it is none
   */
  public static Bpos position(String word) throws UsageException {
    try {
      return Bpos.parse(word);
    } catch (IllegalArgumentException _) {
      throw notAPosition(word);
    }
  }

  private static UsageException notAPosition(String word) {
    return new UsageException(
        "'" + word + "' is no position; expected inode:offset:snapshot, POS_MIN or SPOS_MAX");
  }

  /** The number of a btree by its name, or by its number. */
  public static int btree(String word) throws UsageException {
    return known("btree", word, BtreeId.numberOf(word));
  }

  /** The number of a key type by its name, or by its number. */
  public static int keyType(String word) throws UsageException {
    return known("key type", word, KeyType.numberOf(word));
  }

  private static int known(String what, String word, int number) throws UsageException {
    if (number < 0) {
      throw new UsageException("there is no " + what + " '" + word + "'");
    }
    return number;
  }
}
