// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.function.IntFunction;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * What the superblock says that inodes are read by.
 *
 * @param timeBase added to stored times, in time units since 1970
 * @param timeUnitNanos length of a time unit in nanoseconds
 * @param blockBytes the size that empty directories claim to have
 * @param casefold whether directories fold names that say nothing about it themselves
 * @param targetName names a target (a device or label), as options show it
 */
public record FilesystemDefaults(
    long timeBase,
    int timeUnitNanos,
    int blockBytes,
    boolean casefold,
    IntFunction<String> targetName) {
  /** What that superblock says. */
  public static FilesystemDefaults of(Superblock superblock, IntFunction<String> targetName) {
    return new FilesystemDefaults(
        superblock.timeBaseLo(),
        superblock.timePrecision(),
        superblock.blockBytes(),
        superblock.option(FilesystemOption.CASEFOLD).orElse(0) != 0,
        targetName);
  }

  /** Nanoseconds since 1970 of a stored time. */
  public long nanos(long time) {
    return (time + timeBase) * timeUnitNanos;
  }

  /** The stored time of nanoseconds since 1970. */
  public long time(long nanos) {
    return Math.floorDiv(nanos, (long) timeUnitNanos) - timeBase;
  }
}
