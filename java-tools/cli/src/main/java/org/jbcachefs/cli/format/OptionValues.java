// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.util.List;
import java.util.Locale;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.OptionChoices;

/** Values of options as people type them. Targets, which name devices, are not among them. */
public final class OptionValues {
  private static final int LEVEL_MOST = 15;
  private static final int LEVEL_SHIFT = 4;

  private OptionValues() {}

  /**
   * The value that a text means.
   *
   * @throws UsageException if it means none, or one that the option cannot have
   */
  public static long parse(FilesystemOption option, String text) {
    return switch (option.kind()) {
      case BOOL -> yesOrNo(option, text);
      case NUMBER -> checked(option, number(option, text));
      case SIZE -> checked(option, ByteSizes.parse(text));
      case CHOICE -> choice(option, text);
      case BITS -> bits(option, text);
      case COMPRESSION -> compression(option, text);
      case TARGET, LABEL, TEXT ->
          throw new IllegalArgumentException(option + " has no value by itself");
    };
  }

  /** How the values of an option are described in help. */
  static String words(FilesystemOption option) {
    return switch (option.kind()) {
      case BOOL -> "0|1";
      case NUMBER -> "N";
      case SIZE -> "SIZE";
      case CHOICE -> String.join("|", option.choices().names());
      case BITS -> "A,B";
      case COMPRESSION -> "TYPE[:LEVEL]";
      case TARGET -> "TARGET";
      case LABEL, TEXT -> "NAME";
    };
  }

  private static long yesOrNo(FilesystemOption option, String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "1", "yes", "y", "true", "on" -> 1;
      case "0", "no", "n", "false", "off" -> 0;
      default -> throw wrong(option, text, "1 or 0");
    };
  }

  private static long number(FilesystemOption option, String text) {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException _) {
      throw wrong(option, text, "a number");
    }
  }

  private static long checked(FilesystemOption option, long value) {
    boolean inside =
        Long.compareUnsigned(value, option.min()) >= 0
            && Long.compareUnsigned(value, option.max()) <= 0;
    if (!inside) {
      throw wrong(
          option,
          Long.toUnsignedString(value),
          Long.toUnsignedString(option.min()) + " to " + Long.toUnsignedString(option.max()));
    }
    if (option.is(FilesystemOption.Scope.POWER_OF_TWO) && Long.bitCount(value) != 1) {
      throw wrong(option, Long.toUnsignedString(value), "a power of two");
    }
    return value;
  }

  private static long choice(FilesystemOption option, String text) {
    int index = option.choices().names().indexOf(text);
    if (index < 0) {
      throw wrong(option, text, String.join(", ", option.choices().names()));
    }
    return index;
  }

  private static long bits(FilesystemOption option, String text) {
    List<String> names = option.choices().names();
    long bits = 0;
    for (String name : text.split(",", -1)) {
      int index = names.indexOf(name);
      if (index < 0) {
        throw wrong(option, name, "names joined by commas, of " + String.join(", ", names));
      }
      bits |= 1L << index;
    }
    return bits;
  }

  private static long compression(FilesystemOption option, String text) {
    int colon = text.indexOf(':');
    String type = colon < 0 ? text : text.substring(0, colon);
    int number = OptionChoices.COMPRESSIONS.names().indexOf(type);
    if (number < 0) {
      throw wrong(option, text, String.join(", ", OptionChoices.COMPRESSIONS.names()));
    }
    long level = colon < 0 ? 0 : number(option, text.substring(colon + 1));
    if (level < 0 || level > LEVEL_MOST || (number == 0 && level > 0)) {
      throw wrong(option, text, "a level from 1 to " + LEVEL_MOST + ", and none without a type");
    }
    return level << LEVEL_SHIFT | number;
  }

  private static UsageException wrong(FilesystemOption option, String text, String expected) {
    return new UsageException(option + ": '" + text + "' is not possible; expected " + expected);
  }
}
