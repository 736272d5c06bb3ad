// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import java.util.ArrayList;
import java.util.List;

/** Which kinds of data lie in a bucket, as bits of {@link BucketTable}. */
final class Kinds {
  private static final int ALL =
      BucketTable.SB
          | BucketTable.JOURNAL
          | BucketTable.BTREE
          | BucketTable.USER
          | BucketTable.PARITY;

  private Kinds() {}

  /** How many kinds; a sound bucket has one. */
  static int count(int seen) {
    return Integer.bitCount(seen & ALL);
  }

  /** Their names. */
  static String of(int seen) {
    List<String> names = new ArrayList<>();
    add(names, seen, BucketTable.SB, "sb");
    add(names, seen, BucketTable.JOURNAL, "journal");
    add(names, seen, BucketTable.BTREE, "btree");
    add(names, seen, BucketTable.USER, "user");
    add(names, seen, BucketTable.PARITY, "parity");
    return String.join(" and ", names);
  }

  private static void add(List<String> names, int seen, int kind, String name) {
    if ((seen & kind) != 0) {
      names.add(name);
    }
  }
}
