// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What crossing one version asks for.
 *
 * @param version the version that is crossed
 * @param passes recovery passes to run
 * @param errors errors to repair in silence
 */
public record VersionStep(
    MetadataVersion version, List<RecoveryPass> passes, List<FsckError> errors) {
  public VersionStep {
    passes = List.copyOf(passes);
    errors = List.copyOf(errors);
  }

  static VersionStep step(MetadataVersion version, List<RecoveryPass> passes, FsckError... errors) {
    return new VersionStep(version, passes, List.of(errors));
  }

  static List<RecoveryPass> passes(RecoveryPass... passes) {
    return List.of(passes);
  }

  /** Every pass that is a part of fsck. */
  static List<RecoveryPass> fsckPasses() {
    return Arrays.stream(RecoveryPass.values())
        .filter(pass -> pass.is(RecoveryPass.Flags.FSCK))
        .toList();
  }

  static List<RecoveryPass> fsckPassesAnd(RecoveryPass... more) {
    List<RecoveryPass> all = new ArrayList<>(List.of(more));
    all.addAll(fsckPasses());
    return List.copyOf(all);
  }
}
