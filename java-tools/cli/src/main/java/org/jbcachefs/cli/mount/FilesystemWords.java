// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.format.OptionValues;
import org.jbcachefs.cli.open.MountOptions;
import org.jbcachefs.engine.recovery.OpenOptions.Degraded;
import org.jbcachefs.engine.sb.version.UpgradePolicy;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * The words of {@code -o} that concern the filesystem. Options of bcachefs that only matter to
 * those who write are accepted, since fstab lines carry them; words that bcachefs has not are
 * refused.
 *
 * @param degraded what to do when members are missing; null leaves it to the superblock
 * @param nochanges nothing is to be written at all
 * @param rewindTo the journal entry whose state is wanted; 0 for the newest
 * @param upgrade how far an older version is upgraded; null leaves it to the superblock
 * @param errors the option of that name; empty leaves it to the superblock
 * @param reconcile whether work in the background is done
 * @param overriding options that count instead of the superblock's
 */
record FilesystemWords(
    Degraded degraded,
    boolean norecovery,
    boolean rescue,
    boolean nochanges,
    long rewindTo,
    UpgradePolicy upgrade,
    OptionalLong errors,
    boolean reconcile,
    OverridingWords overriding) {
  /** Kept from fstab lines of older versions. */
  private static final Set<String> OBSOLETE =
      Set.of(
          "quota",
          "very_degraded",
          "reconstruct_alloc",
          "journal_flush",
          "nodiscard",
          "noacl",
          "acl");

  static FilesystemWords of(Map<String, String> words, boolean rescue, boolean sloppy) {
    for (String name : words.keySet()) {
      if (!sloppy && !name.equals("rescue") && !OBSOLETE.contains(name) && !isKnown(name)) {
        throw new UsageException("-o " + name + " is no mount option");
      }
    }
    MountOptions options = new MountOptions(words);
    return new FilesystemWords(
        degraded(words),
        options.isSet("norecovery"),
        rescue || options.isSet("rescue"),
        options.isSet("nochanges") || options.isSet("read_only"),
        options.journalRewind(),
        upgrade(words.get("version_upgrade")),
        errors(words.get("errors")),
        !options.isSet("noreconcile_enabled")
            && (!words.containsKey("reconcile_enabled") || options.isSet("reconcile_enabled")),
        OverridingWords.of(words));
  }

  /** Whether these words leave no way but to mount read-only. */
  boolean readOnly() {
    return !whyReadOnly().isEmpty();
  }

  /** Which of these words leaves no way but to mount read-only; empty if none does. */
  String whyReadOnly() {
    if (nochanges) {
      return "nochanges";
    }
    if (norecovery) {
      return "norecovery";
    }
    if (rescue) {
      return "rescue";
    }
    return rewindTo != 0 ? "journal_rewind" : "";
  }

  /** What {@code errors=} says; empty if it is not there. */
  static OptionalLong errors(String value) {
    return value == null
        ? OptionalLong.empty()
        : OptionalLong.of(OptionValues.parse(FilesystemOption.ERRORS, value));
  }

  private static UpgradePolicy upgrade(String value) {
    if (value == null) {
      return null;
    }
    for (UpgradePolicy policy : UpgradePolicy.values()) {
      if (policy.toString().equals(value)) {
        return policy;
      }
    }
    throw new UsageException(
        "-o version_upgrade takes compatible, incompatible or none, not '" + value + "'");
  }

  private static boolean isKnown(String name) {
    String positive = name.startsWith("no") ? name.substring(2) : name;
    return FilesystemOption.of(name) != null || FilesystemOption.of(positive) != null;
  }

  private static Degraded degraded(Map<String, String> words) {
    if (words.containsKey("very_degraded")) {
      return Degraded.VERY;
    }
    String value = words.get("degraded");
    return switch (value) {
      case null -> null;
      case "", "yes", "1" -> Degraded.YES;
      case "very" -> Degraded.VERY;
      case "ask" -> Degraded.ASK;
      case "no", "0" -> Degraded.NO;
      default ->
          throw new UsageException("-o degraded takes ask, yes, very or no, not '" + value + "'");
    };
  }
}
