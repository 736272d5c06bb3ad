// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;

/**
 * Options in the form of mount(8)'s {@code -o}: words and word=value, separated by commas, {@code
 * -} and {@code _} alike. The last of a name counts.
 */
public record MountOptions(Map<String, String> values) {
  /** Parses the arguments of all {@code -o} options. */
  public static MountOptions parse(List<String> arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String argument : arguments) {
      for (String word : argument.split(",", -1)) {
        if (!word.isEmpty()) {
          add(values, word);
        }
      }
    }
    return new MountOptions(values);
  }

  private static void add(Map<String, String> values, String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    String normal = name.replace('-', '_');
    // The last of a name counts, also where it stands among others.
    values.remove(normal);
    values.put(normal, equals < 0 ? "" : word.substring(equals + 1));
  }

  /** Whether a yes-or-no option is set: "x", "x=1", "x=yes", "x=true". */
  public boolean isSet(String name) {
    String value = values.get(name);
    return switch (value) {
      case null -> false;
      case "", "1", "yes", "y", "true", "on" -> true;
      case "0", "no", "n", "false", "off" -> false;
      default -> throw new UsageException("-o " + name + " takes yes or no, not '" + value + "'");
    };
  }

  boolean norecovery() {
    return isSet("norecovery");
  }

  /** The journal entry whose state is wanted; 0 for the newest. */
  public long journalRewind() {
    String value = values.get("journal_rewind");
    if (value == null) {
      return 0;
    }
    try {
      return Long.parseUnsignedLong(value);
    } catch (NumberFormatException e) {
      throw new UsageException(
          "-o journal_rewind takes the sequence number of a journal entry, not '" + value + "'");
    }
  }

  /** Offline readers go on whatever is missing, unless told otherwise. */
  Degraded degraded() {
    return degraded(Degraded.VERY);
  }

  /** The same with another policy where nothing is said. */
  Degraded degraded(Degraded unsaid) {
    String value = values.get("degraded");
    return switch (value) {
      case null -> unsaid;
      case "", "very" -> Degraded.VERY;
      case "yes", "1" -> Degraded.YES;
      case "ask" -> Degraded.ASK;
      case "no", "0" -> Degraded.NO;
      default ->
          throw new UsageException("-o degraded takes ask, yes, very or no, not '" + value + "'");
    };
  }
}
