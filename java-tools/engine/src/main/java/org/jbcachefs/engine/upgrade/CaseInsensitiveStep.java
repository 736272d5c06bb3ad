// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.upgrade;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.version.VersionPlan;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/**
 * Directories that have case-insensitive ones below them say so from 1.28 on. Before 1.24 there are
 * none, and nothing is to be done; where there are some, the filesystem is left to others.
 */
final class CaseInsensitiveStep implements UpgradeStep {
  /** An inode's option is stored plus 1: this says yes, 1 says no, 0 says nothing. */
  private static final int CASE_INSENSITIVE = 2;

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
    boolean possible = plan.from() >= MetadataVersion.CASEFOLDING.number();
    return possible && hasCaseInsensitive(filesystem)
        ? Optional.of("there are case-insensitive directories, whose parents do not say so")
        : Optional.empty();
  }

  private static boolean hasCaseInsensitive(ReadFilesystem filesystem) {
    if (filesystem.superblock().option(FilesystemOption.CASEFOLD).orElse(0) != 0) {
      return true;
    }
    try (KeyIterator inodes =
        filesystem.btrees().iterate(BtreeId.INODES.number(), Bpos.MIN, Bpos.MAX)) {
      while (inodes.next()) {
        Bkey key = inodes.key();
        boolean isInode = key.type() == KeyType.INODE_V3.number();
        if (isInode && Inode.decode(key).get(InodeField.CASEFOLD) == CASE_INSENSITIVE) {
          return true;
        }
      }
    }
    return false;
  }

  @Override
  public void run(WritableFilesystem filesystem, UpgradeOptions options) {
    // Nothing is of another form where there are no such directories.
  }
}
