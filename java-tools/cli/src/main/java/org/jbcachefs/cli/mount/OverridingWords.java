// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.format.OptionValues;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.Target;

/**
 * Options of files' data that {@code -o} gives: they count instead of the superblock's as long as
 * it is mounted, and are not kept.
 *
 * @param words option and value as typed
 */
record OverridingWords(Map<FilesystemOption, String> words) {
  private static final Set<FilesystemOption> TARGETS =
      EnumSet.of(
          FilesystemOption.FOREGROUND_TARGET,
          FilesystemOption.BACKGROUND_TARGET,
          FilesystemOption.PROMOTE_TARGET);

  private static final Set<FilesystemOption> OTHERS =
      EnumSet.of(
          FilesystemOption.DATA_REPLICAS,
          FilesystemOption.DATA_CHECKSUM,
          FilesystemOption.COMPRESSION,
          FilesystemOption.BACKGROUND_COMPRESSION,
          FilesystemOption.ERASURE_CODE,
          FilesystemOption.NOCOW,
          FilesystemOption.WRITE_ERROR_TIMEOUT,
          FilesystemOption.JOURNAL_FLUSH_DELAY,
          FilesystemOption.USRQUOTA,
          FilesystemOption.GRPQUOTA,
          FilesystemOption.PRJQUOTA);

  /** By which other name an option goes. Source: {@code bch2_opt_synonyms}. */
  private static final String QUOTA = "quota";

  /** Takes those out of all words; values that no option can have are told at once. */
  static OverridingWords of(Map<String, String> all) {
    Map<FilesystemOption, String> words = new EnumMap<>(FilesystemOption.class);
    for (Map.Entry<String, String> word : all.entrySet()) {
      String name = word.getKey().equals(QUOTA) ? "usrquota" : word.getKey();
      FilesystemOption option = FilesystemOption.of(name);
      boolean no = option == null && name.startsWith("no");
      option = no ? FilesystemOption.of(name.substring(2)) : option;
      if (option != null && OTHERS.contains(option)) {
        String value = no ? "0" : word.getValue().isEmpty() ? "1" : word.getValue();
        OptionValues.parse(option, value);
        words.put(option, value);
      } else if (option != null && TARGETS.contains(option)) {
        words.put(option, word.getValue());
      }
    }
    return new OverridingWords(words);
  }

  /** Their values in that filesystem. */
  Map<FilesystemOption, Long> values(DeviceSet devices) {
    Map<FilesystemOption, Long> values = new EnumMap<>(FilesystemOption.class);
    words.forEach((option, text) ->
        values.put(
            option,
            TARGETS.contains(option)
                ? target(option, text, devices)
                : OptionValues.parse(option, text)));
    return values;
  }

  private static long target(FilesystemOption option, String name, DeviceSet devices) {
    if (name.isEmpty() || name.equals("none")) {
      return 0;
    }
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null && devices.name(index).equals(name)) {
        return new Target(Target.Kind.DEVICE, index).number();
      }
    }
    var labels = devices.superblock().diskGroups();
    for (int index = 0; index < labels.labels().size(); index++) {
      if (labels.path(index).filter(name::equals).isPresent()) {
        return new Target(Target.Kind.LABEL, index).number();
      }
    }
    throw new UsageException(
        "-o " + option + ": the filesystem has no device and no label '" + name + "'");
  }
}
