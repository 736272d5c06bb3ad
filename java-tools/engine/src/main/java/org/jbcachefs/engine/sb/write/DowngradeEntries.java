// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.DowngradeTable;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.tables.VersionStep;

/**
 * What older implementations are told to check when they take over: a row for each version at or
 * above the oldest one that may still read the filesystem. The section is never made shorter,
 * unless it is damaged.
 */
public final class DowngradeEntries {
  private DowngradeEntries() {}

  /** Writes the section anew, unless the one that is there is longer. */
  static void refresh(SuperblockEditor editor, Superblock superblock) {
    DowngradeSection section = section(superblock, superblock.version());
    if (replaces(section, superblock)) {
      editor.section(section);
    }
  }

  /**
   * The section as it will be when a superblock has been written with that version; one of another
   * major version is dropped first.
   */
  public static DowngradeSection after(Superblock superblock, int version) {
    DowngradeSection section = section(superblock, version);
    boolean sameMajor =
        MetadataVersion.major(version) == MetadataVersion.major(superblock.version());
    if (sameMajor && !replaces(section, superblock)) {
      return superblock
          .section(SectionType.DOWNGRADE)
          .map(superblock::decode)
          .map(DowngradeSection.class::cast)
          .orElse(section);
    }
    return section;
  }

  private static boolean replaces(DowngradeSection section, Superblock superblock) {
    int now = superblock.section(SectionType.DOWNGRADE).map(s -> s.payload().length()).orElse(0);
    boolean damaged =
        superblock
            .section(SectionType.DOWNGRADE)
            .map(superblock::decode)
            .map(DowngradeSection.class::cast)
            .filter(DowngradeSection::isDamaged)
            .isPresent();
    return damaged || section.encode().length() >= now;
  }

  private static DowngradeSection section(Superblock superblock, int newVersion) {
    List<DowngradeSection.Entry> entries = new ArrayList<>();
    for (VersionStep step : DowngradeTable.STEPS) {
      int version = step.version().number();
      boolean sameMajor = MetadataVersion.major(version) == MetadataVersion.major(newVersion);
      if (sameMajor
          && version <= MetadataVersion.writtenAs(newVersion)
          && version >= superblock.versionIncompat()) {
        DowngradeSection.Entry entry = entry(step, superblock);
        if (entry.recoveryPasses() != 0 || !entry.errors().isEmpty()) {
          entries.add(entry);
        }
      }
    }
    int bytes = new DowngradeSection(entries, Bytes.EMPTY).encode().length();
    return new DowngradeSection(entries, Bytes.EMPTY.resized((8 - bytes % 8) % 8));
  }

  private static DowngradeSection.Entry entry(VersionStep step, Superblock superblock) {
    long passes = 0;
    for (RecoveryPass pass : step.passes()) {
      passes |= 1L << pass.number();
    }
    List<Integer> errors = new ArrayList<>();
    for (FsckError error : step.errors()) {
      errors.add(error.number());
    }
    boolean stripes = step.version() == MetadataVersion.BUCKET_STRIPE_SECTORS;
    if (stripes && superblock.has(Feature.EC)) {
      passes |= 1L << RecoveryPass.CHECK_ALLOCATIONS.number();
      errors.add(FsckError.ALLOC_KEY_DIRTY_SECTORS_WRONG.number());
    }
    return new DowngradeSection.Entry(step.version().number(), passes, 0, errors);
  }
}
