// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.OptionChoices;
import org.jbcachefs.format.tables.Target;

/**
 * Options of files as xattrs are given: the name behind "bcachefs.", the value as text. Source:
 * {@code __bch2_xattr_bcachefs_set}, {@code bch2_opt_parse}.
 */
final class OptionWords {
  private static final byte[] PREFIX = "bcachefs.".getBytes(UTF_8);
  private static final byte[] EFFECTIVE_PREFIX = "bcachefs_effective.".getBytes(UTF_8);
  private static final int LEVEL_MOST = 15;
  private static final int LEVEL_SHIFT = 4;

  private OptionWords() {}

  /** Whether an xattr stands for an option. */
  static boolean isOption(byte[] name) {
    return startsWith(name, PREFIX);
  }

  /** Whether an xattr shows what an option amounts to; setting it is possible and does nothing. */
  static boolean isEffective(byte[] name) {
    return startsWith(name, EFFECTIVE_PREFIX);
  }

  private static boolean startsWith(byte[] name, byte[] prefix) {
    return name.length > prefix.length
        && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** The option of that xattr; EINVAL if there is none that files can have. */
  static InodeOption option(byte[] name) {
    String text = new String(name, PREFIX.length, name.length - PREFIX.length, UTF_8);
    for (InodeOption option : InodeOption.values()) {
      if (option.toString().equals(text)) {
        return option;
      }
    }
    throw new PosixException(PosixError.EINVAL, "files have no option '" + text + "'");
  }

  /** A value as the option has it; EINVAL if the text means none. */
  static long value(WritableFilesystem filesystem, InodeOption option, byte[] value) {
    String text = new String(value, UTF_8).strip();
    return switch (option.option().kind()) {
      case BOOL -> yesOrNo(option, text);
      case NUMBER, SIZE -> number(option, text);
      case CHOICE -> known(option, text, option.option().choices().names().indexOf(text));
      case COMPRESSION -> compression(option, text);
      case TARGET -> target(filesystem.devices(), option, text);
      case BITS, LABEL, TEXT -> throw wrong(option, text);
    };
  }

  private static long yesOrNo(InodeOption option, String text) {
    return switch (text) {
      case "1", "yes", "true", "on" -> 1;
      case "0", "no", "false", "off" -> 0;
      default -> throw wrong(option, text);
    };
  }

  private static long number(InodeOption option, String text) {
    FilesystemOption general = option.option();
    try {
      long value = Long.parseLong(text);
      boolean inside =
          value >= 0 && value >= general.min() && Long.compareUnsigned(value, general.max()) <= 0;
      return known(option, text, inside ? value : -1);
    } catch (NumberFormatException _) {
      throw wrong(option, text);
    }
  }

  private static long compression(InodeOption option, String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    long type = known(option, text, OptionChoices.COMPRESSIONS.names().indexOf(name));
    if (colon < 0) {
      return type;
    }
    try {
      int level = Integer.parseInt(text.substring(colon + 1));
      boolean possible = level >= 0 && level <= LEVEL_MOST && (type != 0 || level == 0);
      return known(option, text, possible ? (long) level << LEVEL_SHIFT | type : -1);
    } catch (NumberFormatException _) {
      throw wrong(option, text);
    }
  }

  private static long target(DeviceSet devices, InodeOption option, String text) {
    if (text.equals("none")) {
      return 0;
    }
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null && devices.name(index).equals(text)) {
        return new Target(Target.Kind.DEVICE, index).number();
      }
    }
    DiskGroupsSection labels = devices.superblock().diskGroups();
    for (int index = 0; index < labels.labels().size(); index++) {
      if (labels.path(index).filter(text::equals).isPresent()) {
        return new Target(Target.Kind.LABEL, index).number();
      }
    }
    throw wrong(option, text);
  }

  private static long known(InodeOption option, String text, long value) {
    if (value < 0) {
      throw wrong(option, text);
    }
    return value;
  }

  private static PosixException wrong(InodeOption option, String text) {
    return new PosixException(PosixError.EINVAL, option + " cannot be '" + text + "'");
  }
}
