// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.util.Locale;
import org.jbcachefs.cli.UsageException;

/** What {@code --sort} takes. */
enum SortOrder {
  NAME,
  SIZE,
  TIME;

  static SortOrder of(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "name" -> NAME;
      case "size" -> SIZE;
      case "time" -> TIME;
      default -> throw new UsageException("--sort takes name, size or time, not '" + text + "'");
    };
  }
}
