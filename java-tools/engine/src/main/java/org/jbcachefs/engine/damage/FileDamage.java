// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.damage;

import java.util.List;
import java.util.Set;

/**
 * What is wrong with one file. Immutable.
 *
 * @param path absolute from the root subvolume
 * @param lost byte ranges that no good copy is left of, ascending, none touching another
 * @param damagedCopies how many copies are damaged that a good one is left of
 * @param errors names of the errors that were found, sorted
 */
public record FileDamage(byte[] path, List<Range> lost, long damagedCopies, Set<String> errors) {
  /** Bytes of a file from one, included, to another, excluded. */
  public record Range(long from, long to) {}

  public FileDamage {
    path = path.clone();
    lost = List.copyOf(lost);
  }

  @Override
  public byte[] path() {
    return path.clone();
  }
}
