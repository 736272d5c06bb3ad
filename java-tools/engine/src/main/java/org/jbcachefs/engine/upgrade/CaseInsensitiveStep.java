// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Directories that have case-insensitive ones below them say so from 1.28 on. There are none in a
 * filesystem without the feature, and so nothing to do; with it, the filesystem is left to others.
 */
final class CaseInsensitiveStep implements UpgradeStep {
  @Override
  public Set<MetadataVersion> versions() {
    return EnumSet.of(MetadataVersion.INODE_HAS_CASE_INSENSITIVE);
  }

  @Override
  public Set<RecoveryPass> passes() {
    return EnumSet.of(RecoveryPass.CHECK_INODES);
  }

  @Override
  public Optional<String> obstacle(ReadFilesystem filesystem, VersionPlan plan) {
    return filesystem.superblock().has(Feature.CASEFOLDING)
        ? Optional.of("there may be case-insensitive directories whose parents do not say so")
        : Optional.empty();
  }

  @Override
  public void run(WritableFilesystem filesystem, UpgradeOptions options) {
    // Nothing has changed where the feature was never in use.
  }
}
