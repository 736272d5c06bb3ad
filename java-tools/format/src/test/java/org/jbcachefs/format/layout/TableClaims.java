// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import java.util.Arrays;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.IopsMeasurement;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.OptionChoices;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.tables.RecoveryPass;

/** Versions, features, passes, counters, error ids, options and small enumerations. */
final class TableClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    versions(claims);
    features(claims);
    passes(claims);
    errors(claims);
    counters(claims);
    members(claims);
    choices(claims);
  }

  private static void versions(Claims claims) {
    String type = "bcachefs_metadata_version";
    for (MetadataVersion version : MetadataVersion.values()) {
      if (version != MetadataVersion.PER_DEV_FRAGMENTATION_LRU) {
        claims.enumerator(type, type + "_" + version, version.number());
      }
    }
    claims.enumerator(type, type + "_min", MetadataVersion.MIN_NUMBER);
    claims.enumerator(type, type + "_max", MetadataVersion.CURRENT.number() + 1);
  }

  private static void features(Claims claims) {
    claims
        .enumeration(
            "bch_sb_feature", "BCH_FEATURE_", Feature.values(), Feature::toString, Feature::number)
        .enumerator("bch_sb_feature", "BCH_FEATURE_NR", Feature.values().length)
        .enumeration(
            "bch_sb_compat",
            "BCH_COMPAT_",
            CompatFeature.values(),
            CompatFeature::toString,
            CompatFeature::number)
        .enumerator("bch_sb_compat", "BCH_COMPAT_NR", CompatFeature.values().length);
  }

  private static void passes(Claims claims) {
    int index = 0;
    for (RecoveryPass pass : RecoveryPass.values()) {
      if (pass != RecoveryPass.CHECK_DAMAGE) {
        claims.enumerator("bch_recovery_pass", "BCH_RECOVERY_PASS_" + pass, index++);
        claims.enumerator(
            "bch_recovery_pass_stable", "BCH_RECOVERY_PASS_STABLE_" + pass, pass.number());
      }
    }
    claims.enumerator("bch_recovery_pass", "BCH_RECOVERY_PASS_NR", index);
    claims.setAside("C PASS_FSCK_DEBUG", "a switch of the reference's build");
  }

  private static void errors(Claims claims) {
    FsckError[] known = Arrays.copyOf(FsckError.values(), FsckError.COUNT_IN_1_38);
    claims
        .enumeration(
            "bch_sb_error_id", "BCH_FSCK_ERR_", known, FsckError::toString, FsckError::number)
        .enumerator("bch_sb_error_id", "BCH_FSCK_ERR_MAX", FsckError.COUNT_IN_1_38)
        .enumerator("bch_fsck_flags", "FSCK_CAN_FIX", FsckError.Flags.CAN_FIX)
        .enumerator("bch_fsck_flags", "FSCK_CAN_IGNORE", FsckError.Flags.CAN_IGNORE)
        .enumerator("bch_fsck_flags", "FSCK_AUTOFIX", FsckError.Flags.AUTOFIX)
        .enumerator("bch_fsck_flags", "FSCK_ERR_NO_LOG", FsckError.Flags.NO_LOG)
        .enumerator("bch_fsck_flags", "FSCK_ERR_SILENT", FsckError.Flags.SILENT);
  }

  private static void counters(Claims claims) {
    int index = 0;
    for (PersistentCounter counter : PersistentCounter.values()) {
      claims.enumerator("bch_persistent_counters", "BCH_COUNTER_" + counter, index++);
      claims.enumerator(
          "bch_persistent_counters_stable", "BCH_COUNTER_STABLE_" + counter, counter.number());
    }
    claims.enumerator("bch_persistent_counters", "BCH_COUNTER_NR", index);
    claims.setAside(
        "E bch_persistent_counters_stable BCH_COUNTER_STABLE_NR",
        "one more than the last in the list, which says nothing");
    claims.setAside("E bch_counters_flags", "a flag here, see PersistentCounter.countsSectors");
  }

  private static void members(Claims claims) {
    claims
        .enumeration(
            "bch_member_state",
            "BCH_MEMBER_STATE_",
            MemberState.values(),
            MemberState::toString,
            MemberState::number)
        .enumerator("bch_member_state", "BCH_MEMBER_STATE_NR", MemberState.values().length)
        .enumeration(
            "bch_member_error_type",
            "BCH_MEMBER_ERROR_",
            MemberError.values(),
            MemberError::toString,
            MemberError::number)
        .enumerator("bch_member_error_type", "BCH_MEMBER_ERROR_NR", MemberError.values().length)
        .enumeration(
            "bch_iops_measurement",
            "BCH_IOPS_",
            IopsMeasurement.values(),
            IopsMeasurement::toString,
            IopsMeasurement::number)
        .enumerator("bch_iops_measurement", "BCH_IOPS_NR", IopsMeasurement.values().length)
        .enumeration(
            "bch_data_type", "BCH_DATA_", DataType.values(), DataType::toString, DataType::number)
        .enumerator("bch_data_type", "BCH_DATA_NR", DataType.values().length);
  }

  private static void choices(Claims claims) {
    choices(claims, OptionChoices.ERROR_ACTIONS, "bch_error_actions", "BCH_ON_ERROR_", "NR");
    choices(claims, OptionChoices.DEGRADED_ACTIONS, "bch_degraded_actions", "BCH_DEGRADED_", null);
    claims.enumerator(
        "bch_degraded_actions", "BCH_DEGRADED_ACTIONS_NR", OptionChoices.DEGRADED_ACTIONS.count());
    choices(claims, OptionChoices.CHECKSUMS, "bch_csum_opt", "BCH_CSUM_OPT_", "NR");
    choices(
        claims, OptionChoices.COMPRESSIONS, "bch_compression_opts", "BCH_COMPRESSION_OPT_", "NR");
    choices(claims, OptionChoices.STR_HASHES, "bch_str_hash_opts", "BCH_STR_HASH_OPT_", "NR");
    choices(
        claims, OptionChoices.SCRUB_JOURNAL, "bch_scrub_journal_opts", "BCH_SCRUB_JOURNAL_", null);
    claims.enumerator(
        "bch_scrub_journal_opts", "BCH_SCRUB_JOURNAL_OPT_NR", OptionChoices.SCRUB_JOURNAL.count());
    choices(
        claims,
        OptionChoices.VERSION_UPGRADES,
        "bch_version_upgrade_opts",
        "BCH_VERSION_UPGRADE_",
        null);
    claims
        .enumeration(
            "inode_opt_id",
            "Inode_opt_",
            InodeOption.values(),
            InodeOption::toString,
            InodeOption::number)
        .enumerator("inode_opt_id", "Inode_opt_nr", InodeOption.values().length)
        .enumeration(
            "bch_csum_type",
            "BCH_CSUM_",
            ChecksumType.values(),
            ChecksumType::toString,
            ChecksumType::number)
        .enumerator("bch_csum_type", "BCH_CSUM_NR", ChecksumType.values().length)
        .enumerator("quota_types", "QTYP_NR", QuotaSection.TYPE_COUNT)
        .enumerator("quota_counters", "Q_COUNTERS", QuotaSection.COUNTER_COUNT);
  }

  private static void choices(
      Claims claims, OptionChoices choices, String type, String prefix, String count) {
    for (int value = 0; value < choices.count(); value++) {
      claims.enumerator(type, prefix + choices.nameOf(value), value);
    }
    if (count != null) {
      claims.enumerator(type, prefix + count, choices.count());
    }
  }
}
