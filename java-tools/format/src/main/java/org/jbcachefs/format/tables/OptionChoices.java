// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Arrays;
import java.util.List;

/** The names that an option's value is chosen from; the value is a name's index in its list. */
public enum OptionChoices {
  /** Source: {@code BCH_ERROR_ACTIONS}. */
  ERROR_ACTIONS("continue fix_safe panic ro"),
  /** Source: {@code BCH_CSUM_OPTS}. */
  CHECKSUMS("none crc32c crc64 xxhash"),
  /** Source: {@code BCH_COMPRESSION_OPTS}; a value may carry a level too. */
  COMPRESSIONS("none lz4 gzip zstd"),
  /** Source: {@code BCH_STR_HASH_OPTS}. */
  STR_HASHES("crc32c crc64 siphash"),
  /** Source: {@code BCH_DEGRADED_ACTIONS}. */
  DEGRADED_ACTIONS("ask yes very no"),
  /** Source: {@code BCH_SCRUB_JOURNAL_OPTS}. */
  SCRUB_JOURNAL("unclean no always"),
  /** Source: {@code BCH_VERSION_UPGRADE_OPTS}. */
  VERSION_UPGRADES("compatible incompatible none"),
  /** Source: {@code BCH_FIX_ERRORS_OPTS}. */
  FIX_ERRORS("exit yes no ask"),
  /** Source: {@code BCH_MEMBER_STATES}. */
  MEMBER_STATES(join(MemberState.values())),
  /** Source: {@code BCH_DATA_TYPES}. */
  DATA_TYPES(join(DataType.values())),
  /** Source: {@code BCH_RECOVERY_PASSES}, in the order in which they run. */
  RECOVERY_PASSES(join(RecoveryPass.values()));

  private final String names;

  OptionChoices(String names) {
    this.names = names;
  }

  private static String join(Enum<?>... values) {
    return String.join(" ", Arrays.stream(values).map(Enum::toString).toList());
  }

  /** The names by value. */
  public List<String> names() {
    return List.of(names.split(" "));
  }

  public int count() {
    return names().size();
  }

  /** The name of a value, or null if there is none. */
  public String nameOf(long value) {
    return value >= 0 && value < count() ? names().get((int) value) : null;
  }
}
