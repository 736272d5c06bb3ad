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
 * @param recorded what the filesystem itself remembers of it, from version 1.39 on
 */
public record FileDamage(
    byte[] path,
    List<Range> lost,
    long damagedCopies,
    Set<String> errors,
    List<Recorded> recorded) {
  /** Bytes of a file from one, included, to another, excluded. */
  public record Range(long from, long to) {}

  /**
   * An error that was met or repaired some time.
   *
   * @param first in seconds since 1970
   * @param last in seconds since 1970
   */
  public record Recorded(String error, long count, long first, long last) {}

  public FileDamage {
    path = path.clone();
    lost = List.copyOf(lost);
    recorded = List.copyOf(recorded);
  }

  @Override
  public byte[] path() {
    return path.clone();
  }
}
