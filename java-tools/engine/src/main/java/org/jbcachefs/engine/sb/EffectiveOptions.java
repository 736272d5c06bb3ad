// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb;

import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * The options of a filesystem that is open: what it was opened with, else what its superblock says.
 * Thread-safe.
 */
public final class EffectiveOptions {
  private static final Set<FilesystemOption> NOT_OF_DATA =
      Set.of(
          FilesystemOption.USRQUOTA,
          FilesystemOption.GRPQUOTA,
          FilesystemOption.PRJQUOTA,
          FilesystemOption.WRITE_ERROR_TIMEOUT,
          FilesystemOption.JOURNAL_FLUSH_DELAY);

  private final Supplier<Superblock> superblock;
  private final Map<FilesystemOption, Long> given;

  /**
   * @param superblock as it is at any moment
   * @param given in the place of what the superblock says
   */
  public EffectiveOptions(Supplier<Superblock> superblock, Map<FilesystemOption, Long> given) {
    this.superblock = superblock;
    this.given = Map.copyOf(given);
  }

  /** An option's value, as superblocks store it; 0 if nobody says anything. */
  public long value(FilesystemOption option) {
    Long own = given.get(option);
    return own != null ? own : superblock.get().option(option).orElse(0);
  }

  /** Whether any option of data that was given is other than the superblock says. */
  public boolean differ() {
    return given.entrySet().stream()
        .filter(option -> !NOT_OF_DATA.contains(option.getKey()))
        .anyMatch(
            option -> superblock.get().option(option.getKey()).orElse(0) != option.getValue());
  }

  /** The superblock as it is now. */
  public Superblock superblock() {
    return superblock.get();
  }
}
