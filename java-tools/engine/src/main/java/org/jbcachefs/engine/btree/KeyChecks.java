// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.util.function.Consumer;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.KeyValidation;
import org.jbcachefs.format.value.Problem;

/**
 * Leaves out keys that contradict the format by themselves, as a kernel does when it repairs, and
 * tells of them. Thread-safe.
 */
public final class KeyChecks {
  private final int version;
  private final Consumer<Finding> findings;

  /**
   * @param version of the filesystem
   * @param findings told of every key that is left out; called by any thread
   */
  public KeyChecks(int version, Consumer<Finding> findings) {
    this.version = version;
    this.findings = findings;
  }

  /** Whether the key may stay. */
  public boolean accept(int btree, int level, Bkey key, Place place) {
    Problem problem = KeyValidation.check(btree, level, key, version);
    if (problem == null) {
      return true;
    }
    // A leaf's key is named by its btree alone, as those are that cannot be decoded.
    Place where = level > 0 ? place : place.in("btree " + BtreeId.nameOf(btree));
    findings.accept(new Finding(problem.errorName(), where.at(key.pos()), problem.what()));
    return false;
  }
}
