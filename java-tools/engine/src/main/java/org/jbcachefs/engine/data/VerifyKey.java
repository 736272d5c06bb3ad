// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;

/** A key whose copies are being checked, and what came of it. Reusable. */
final class VerifyKey implements Supplier<Place> {
  /** Position, size, version and type; no value. */
  final Bkey header = new Bkey();

  final List<Finding> problems = new ArrayList<>(0);
  int btree;
  int level;

  /** Blocks of a stripe that may be lost; 0 of other keys. */
  int redundant;

  /** Reading it is an error, whatever its copies say. */
  boolean poisoned;

  int good;
  int missing;

  /** Stripe blocks, as bits, that are missing or damaged. */
  int badBlocks;

  void begin(int newBtree, int newLevel, Bkey key) {
    btree = newBtree;
    level = newLevel;
    header.setPos(key.inode(), key.offset(), key.snapshot()).setSize(key.size());
    header.setVersion(key.versionHi(), key.versionLo()).setType(key.type());
    problems.clear();
    redundant = 0;
    poisoned = false;
    good = 0;
    missing = 0;
    badBlocks = 0;
  }

  /** What it stands for, for an error; made when it is asked for. */
  @Override
  public Place get() {
    return ExtentDecoder.place(header);
  }

  boolean isNode() {
    return level > 0;
  }
}
