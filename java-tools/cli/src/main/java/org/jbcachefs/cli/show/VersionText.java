// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Metadata versions in text. Those beyond the one that this program is made for are called unknown,
 * as the reference of that version does; JSON has their names.
 */
public final class VersionText {
  private VersionText() {}

  static String of(int number) {
    return number > MetadataVersion.CURRENT.number()
        ? MetadataVersion.describeUnknown(number)
        : MetadataVersion.describe(number);
  }

  /**
   * The number of a version that somebody typed: "1.28", or the name of a version.
   *
   * @throws UsageException if there is none
   */
  public static int parse(String text) {
    for (MetadataVersion known : MetadataVersion.values()) {
      int number = known.number();
      String digits = MetadataVersion.major(number) + "." + MetadataVersion.minor(number);
      if (known.toString().equals(text) || digits.equals(text)) {
        return number;
      }
    }
    throw new UsageException(
        "there is no version '"
            + text
            + "'; there are "
            + Arrays.stream(MetadataVersion.values())
                .map(known -> MetadataVersion.describe(known.number()))
                .collect(Collectors.joining(", ")));
  }
}
