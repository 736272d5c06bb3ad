// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.journal;

import org.jbcachefs.cli.UsageException;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * Keys from a position of a btree to another, both included. A range whose ends both have snapshot
 * 0 looks at no key's snapshot.
 */
record KeyRange(int firstBtree, Bpos first, int lastBtree, Bpos last) {
  /** {@code BTREE:POS} or {@code BTREE:POS-BTREE:POS}; POS as it is printed. */
  static KeyRange parse(String text) {
    int dash = text.indexOf('-');
    String left = dash < 0 ? text : text.substring(0, dash);
    String right = dash < 0 ? text : text.substring(dash + 1);
    return new KeyRange(btree(left), position(left), btree(right), position(right));
  }

  boolean contains(int btree, Bkey key) {
    boolean anySnapshot = first.snapshot() == 0 && last.snapshot() == 0;
    Bpos pos = new Bpos(key.inode(), key.offset(), anySnapshot ? 0 : key.snapshot());
    return compare(btree, pos, firstBtree, first) >= 0 && compare(btree, pos, lastBtree, last) <= 0;
  }

  private static int compare(int btreeA, Bpos a, int btreeB, Bpos b) {
    return btreeA != btreeB ? Integer.compare(btreeA, btreeB) : a.compareTo(b);
  }

  private static int btree(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new UsageException("'" + text + "' is not BTREE:INODE:OFFSET[:SNAPSHOT]");
    }
    return btreeNamed(text.substring(0, colon));
  }

  /** The number of a btree given by its name. */
  static int btreeNamed(String name) {
    for (BtreeId id : BtreeId.values()) {
      if (id.toString().equals(name)) {
        return id.number();
      }
    }
    throw new UsageException("there is no btree '" + name + "'");
  }

  private static Bpos position(String text) {
    String pos = text.substring(text.indexOf(':') + 1);
    return switch (pos) {
      case "POS_MIN" -> Bpos.MIN;
      case "POS_MAX" -> new Bpos(-1, -1, 0);
      case "SPOS_MAX" -> Bpos.MAX;
      default -> fields(pos);
    };
  }

  private static Bpos fields(String pos) {
    String[] fields = pos.split(":", -1);
    if (fields.length < 2 || fields.length > 3) {
      throw new UsageException("'" + pos + "' is not INODE:OFFSET[:SNAPSHOT]");
    }
    int snapshot = fields.length == 3 ? (int) number(fields[2]) : 0;
    return new Bpos(number(fields[0]), number(fields[1]), snapshot);
  }

  private static long number(String text) {
    try {
      return switch (text) {
        case "U64_MAX" -> -1;
        case "U32_MAX" -> 0xffff_ffffL;
        default -> Long.parseUnsignedLong(text);
      };
    } catch (NumberFormatException _) {
      throw new UsageException("'" + text + "' is no number");
    }
  }
}
