// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.sb;

import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * Every option that the superblock keeps has a value that it may have: the kernel mounts nothing
 * else. Source: {@code bch2_opt_validate}.
 */
public final class OptionRanges {
  /** A compression option: the type in the low bits, a level above. */
  private static final int COMPRESSION_TYPE_MASK = 15;

  private static final int COMPRESSION_TYPES = 4;

  /** Options whose 0 stands for the default: superblocks are older than they are. */
  private static final Set<FilesystemOption> ZERO_IS_DEFAULT =
      EnumSet.of(
          FilesystemOption.JOURNAL_FLUSH_DELAY,
          FilesystemOption.JOURNAL_RECLAIM_DELAY,
          FilesystemOption.WRITE_ERROR_TIMEOUT,
          FilesystemOption.ALLOCATOR_STUCK_TIMEOUT,
          FilesystemOption.DEV_READAHEAD,
          FilesystemOption.EC_STRIPE_BUF_LIMIT);

  private final CheckContext context;

  OptionRanges(CheckContext context) {
    this.context = context;
  }

  void check() {
    Superblock superblock = context.superblock();
    for (FilesystemOption option : FilesystemOption.values()) {
      if (option.is(FilesystemOption.Scope.FS) && option.isOfThisVersion()) {
        OptionalLong value = superblock.option(option);
        value.ifPresent(number -> check(superblock, option, number));
      }
    }
  }

  private void check(Superblock superblock, FilesystemOption option, long value) {
    String wrong = wrong(option, value);
    if (wrong != null) {
      context.report(
          CheckFinding.of(
              new Finding(
                  "invalid_sb_option",
                  superblock.place(),
                  "option " + option + " is " + Long.toUnsignedString(value) + ": " + wrong)));
    }
  }

  /** Whether a superblock's option is one that it may have; true of what it has no place for. */
  public static boolean isValid(Superblock superblock, FilesystemOption option) {
    OptionalLong value = superblock.option(option);
    return value.isEmpty() || wrong(option, value.getAsLong()) == null;
  }

  private static String wrong(FilesystemOption option, long value) {
    if (value == 0 && ZERO_IS_DEFAULT.contains(option)) {
      return null;
    } else if (Long.compareUnsigned(value, option.min()) < 0) {
      return "less than " + option.min();
    } else if (Long.compareUnsigned(value, option.max()) > 0) {
      return "more than " + option.max();
    } else if (option.is(FilesystemOption.Scope.POWER_OF_TWO) && Long.bitCount(value) != 1) {
      return "no power of two";
    } else if (option.kind() == FilesystemOption.Kind.COMPRESSION) {
      long type = value & COMPRESSION_TYPE_MASK;
      return type >= COMPRESSION_TYPES || (type == 0 && value != 0) ? "no known compression" : null;
    }
    return null;
  }
}
