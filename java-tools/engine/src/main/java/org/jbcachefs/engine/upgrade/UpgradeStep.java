// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.Optional;
import java.util.Set;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/** What has to be written when some versions are crossed. */
interface UpgradeStep {
  /** The versions that it is for. */
  Set<MetadataVersion> versions();

  /** The passes of the format's table whose part it does for those versions. */
  Set<RecoveryPass> passes();

  /** Why it cannot be done to that filesystem, if so: a part of a sentence. */
  default Optional<String> obstacle(ReadFilesystem filesystem, VersionPlan plan) {
    return Optional.empty();
  }

  /** Btrees that are of no use in the form of the older version, and begin empty. */
  default Set<BtreeId> beginEmpty(VersionPlan plan) {
    return Set.of();
  }

  /** Does it; may be done again after it was cut off. */
  void run(WritableFilesystem filesystem, UpgradeOptions options);

  /** Whether the plan crosses one of those versions. */
  default boolean isNeeded(VersionPlan plan) {
    return versions().stream().anyMatch(version -> crosses(plan, version));
  }

  /** Whether the plan goes from below a version to it or beyond. */
  static boolean crosses(VersionPlan plan, MetadataVersion version) {
    return plan.from() < version.number() && plan.to() >= version.number();
  }
}
