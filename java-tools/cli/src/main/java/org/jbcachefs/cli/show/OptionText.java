// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.List;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.OptionChoices;
import org.jbcachefs.format.tables.Target;

/** Values of options as the reference shows them. */
public final class OptionText {
  /** A compression option has its type in the low four bits and its level above. */
  private static final int COMPRESSION_LEVEL_SHIFT = 4;

  private static final int COMPRESSION_TYPE_MASK = 0xf;

  private OptionText() {}

  /** A value alone: of choices the one that is chosen. */
  public static String value(Superblock superblock, FilesystemOption option, long value) {
    return switch (option.kind()) {
      case BOOL, NUMBER -> Long.toString(value);
      case SIZE -> Units.human(value);
      case CHOICE -> choice(option.choices(), value);
      case BITS -> FlagNames.of(option.choices().names(), value);
      case COMPRESSION -> compression(value);
      case TARGET -> target(superblock, (int) value);
      case LABEL -> label(superblock, (int) value - 1);
      case TEXT -> "";
    };
  }

  /** The same, but all choices, the chosen one in brackets. */
  public static String withChoices(Superblock superblock, FilesystemOption option, long value) {
    if (option.kind() != FilesystemOption.Kind.CHOICE || option.choices().nameOf(value) == null) {
      return value(superblock, option, value);
    }
    StringBuilder text = new StringBuilder();
    List<String> names = option.choices().names();
    for (int index = 0; index < names.size(); index++) {
      text.append(index == value ? "[" + names.get(index) + "] " : names.get(index) + " ");
    }
    return text.toString();
  }

  private static String choice(OptionChoices choices, long value) {
    String name = choices.nameOf(value);
    return name == null ? "(invalid option " + value + ")" : name;
  }

  private static String compression(long value) {
    long type = value & COMPRESSION_TYPE_MASK;
    long level = value >>> COMPRESSION_LEVEL_SHIFT;
    String name = OptionChoices.COMPRESSIONS.nameOf(type);
    return (name == null ? "(unknown compression opt " + type + ")" : name)
        + (level == 0 ? "" : ":" + level);
  }

  /** What a target names, with what the superblock knows. */
  public static String target(Superblock superblock, int number) {
    Target target = Target.of(number);
    return switch (target.kind()) {
      case NONE -> "none";
      case DEVICE -> device(superblock, target.index());
      case LABEL -> label(superblock, target.index());
    };
  }

  private static String device(Superblock superblock, int index) {
    List<Member> members = superblock.members();
    return index < members.size() && members.get(index).exists()
        ? "Device " + members.get(index).uuid() + " (" + index + ")"
        : "Bad device " + index;
  }

  static String label(Superblock superblock, int index) {
    return index < 0
        ? "(none)"
        : superblock.diskGroups().path(index).orElse("invalid label " + index);
  }
}
