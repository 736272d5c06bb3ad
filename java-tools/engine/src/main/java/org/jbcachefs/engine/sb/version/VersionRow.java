// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.version;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.tables.VersionStep;

/**
 * What crossing one version takes.
 *
 * @param version number of the version
 * @param passes stable numbers of recovery passes, as bits
 * @param errors numbers of errors that are repaired in silence
 */
public record VersionRow(int version, long passes, List<Integer> errors) {
  public VersionRow {
    errors = List.copyOf(errors);
  }

  /** A table's row; passes that are newer than version {@code newest} are left out. */
  static VersionRow of(VersionStep step, int newest) {
    List<Integer> errors = step.errors().stream().map(FsckError::number).toList();
    return new VersionRow(step.version().number(), bits(step.passes(), newest), errors);
  }

  static VersionRow of(DowngradeSection.Entry entry) {
    return new VersionRow(entry.version(), entry.recoveryPasses(), entry.errors());
  }

  /** Of all the rows together. */
  static long passes(Collection<VersionRow> rows) {
    return rows.stream().mapToLong(VersionRow::passes).reduce(0, (a, b) -> a | b);
  }

  /** Of all the rows together, each once, by number. */
  static List<Integer> errors(Collection<VersionRow> rows) {
    TreeSet<Integer> all = new TreeSet<>();
    rows.forEach(row -> all.addAll(row.errors));
    return new ArrayList<>(all);
  }

  private static long bits(List<RecoveryPass> passes, int newest) {
    long bits = 0;
    for (RecoveryPass pass : passes) {
      if (pass != RecoveryPass.CHECK_DAMAGE || newest >= VersionPlan.CHECK_DAMAGE_SINCE) {
        bits |= 1L << pass.number();
      }
    }
    return bits;
  }
}
