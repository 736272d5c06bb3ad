// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.function.IntFunction;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.OptionChoices;

/** Values of per-inode options as the kernel shows them. */
public final class OptionText {
  private static final int COMPRESSION_TYPE_MASK = 15;
  private static final int COMPRESSION_LEVEL_SHIFT = 4;

  private OptionText() {}

  /**
   * An option's value, not biased, as text.
   *
   * @param targetName names a target
   */
  public static String of(InodeOption option, long value, IntFunction<String> targetName) {
    return switch (option) {
      case DATA_CHECKSUM -> {
        String name = OptionChoices.CHECKSUMS.nameOf(value);
        yield name == null ? "(invalid option " + value + ")" : name;
      }
      case COMPRESSION, BACKGROUND_COMPRESSION -> compression((int) value);
      case PROMOTE_TARGET, FOREGROUND_TARGET, BACKGROUND_TARGET -> targetName.apply((int) value);
      default -> Long.toString(value);
    };
  }

  /** A compression option's value: the type, and the level if one is given. */
  public static String compression(int value) {
    int type = value & COMPRESSION_TYPE_MASK;
    int level = value >>> COMPRESSION_LEVEL_SHIFT;
    String name = OptionChoices.COMPRESSIONS.nameOf(type);
    String text = name == null ? "(unknown compression opt " + type + ")" : name;
    return level == 0 ? text : text + ":" + level;
  }
}
