// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.crypto.EncryptedKey;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.sb.CleanSection;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.DowngradeSection;
import org.jbcachefs.format.sb.ErrorsSection;
import org.jbcachefs.format.sb.ExtSection;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.JournalSection;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.QuotaSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.RecoveryPassesSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.SectionType;

/** The superblock's sections. */
final class SectionClaims implements LayoutClaims {
  /** Structs of the file that begin with a section's header. */
  private static final String[] SECTIONS = {
    "journal",
    "journal_v2",
    "crypt",
    "clean",
    "ext",
    "disk_groups",
    "replicas_v0",
    "replicas",
    "quota",
    "recovery_passes",
    "journal_seq_blacklist",
    "counters",
    "downgrade",
    "errors",
    "members_v1",
    "members_v2",
    "extent_type_u64s"
  };

  @Override
  public void claim(Claims claims) {
    headers(claims);
    journalAndMembers(claims);
    crypt(claims);
    cleanAndExt(claims);
    groupsReplicasQuota(claims);
    lists(claims);
  }

  private static void headers(Claims claims) {
    claims
        .size("bch_sb_field", RawSection.HEADER_BYTES)
        .offset("bch_sb_field", "u64s", RawSection.OFFSET_U64S)
        .offset("bch_sb_field", "_data", RawSection.OFFSET_U64S)
        .offset("bch_sb_field", "type", RawSection.OFFSET_TYPE);
    for (String section : SECTIONS) {
      claims.offset("bch_sb_field_" + section, "field", 0);
    }
    for (SectionType type : SectionType.values()) {
      if (type != SectionType.ERRORS_V2) {
        claims.enumerator("bch_sb_field_type", "BCH_SB_FIELD_" + type, type.number());
      }
    }
    claims.enumerator(
        "bch_sb_field_type", "BCH_SB_FIELD_NR", SectionType.EXTENT_TYPE_U64S.number() + 1);
  }

  private static void journalAndMembers(Claims claims) {
    claims
        .size("bch_sb_field_journal", JournalSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_journal", "buckets", JournalSection.OFFSET_ENTRIES)
        .size("bch_sb_field_journal_v2", JournalSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_journal_v2", "d", JournalSection.OFFSET_ENTRIES)
        .size("bch_sb_field_journal_v2_entry", JournalSection.V2_ENTRY_BYTES)
        .offset("bch_sb_field_journal_v2_entry", "start", JournalSection.V2_ENTRY_OFFSET_START)
        .offset("bch_sb_field_journal_v2_entry", "nr", JournalSection.V2_ENTRY_OFFSET_NR)
        .size("bch_sb_field_members_v1", MembersSection.V1_OFFSET_MEMBERS)
        .offset("bch_sb_field_members_v1", "_members", MembersSection.V1_OFFSET_MEMBERS)
        .size("bch_sb_field_members_v2", MembersSection.V2_OFFSET_MEMBERS)
        .offset("bch_sb_field_members_v2", "member_bytes", MembersSection.V2_OFFSET_MEMBER_BYTES)
        .offset("bch_sb_field_members_v2", "pad", MembersSection.V2_OFFSET_PAD)
        .offset("bch_sb_field_members_v2", "_members", MembersSection.V2_OFFSET_MEMBERS);
  }

  private static void crypt(Claims claims) {
    int key = EncryptedKey.OFFSET_KEY_MAGIC;
    claims
        .size("bch_sb_field_crypt", EncryptedKey.SECTION_BYTES)
        .offset("bch_sb_field_crypt", "flags", EncryptedKey.OFFSET_FLAGS)
        .offset("bch_sb_field_crypt", "kdf_flags", EncryptedKey.OFFSET_KDF_FLAGS)
        .offset("bch_sb_field_crypt", "key", key)
        .size("bch_encrypted_key", EncryptedKey.SECTION_BYTES - key)
        .offset("bch_encrypted_key", "magic", 0)
        .offset("bch_encrypted_key", "key", EncryptedKey.OFFSET_KEY - key)
        .size("bch_key", EncryptedKey.SECTION_BYTES - EncryptedKey.OFFSET_KEY)
        .offset("bch_key", "key", 0)
        .mask("BCH_CRYPT_KDF_TYPE", "bch_sb_field_crypt", "flags", EncryptedKey.KDF_TYPE)
        .mask("BCH_KDF_SCRYPT_N", "bch_sb_field_crypt", "kdf_flags", EncryptedKey.SCRYPT_N)
        .mask("BCH_KDF_SCRYPT_R", "bch_sb_field_crypt", "kdf_flags", EncryptedKey.SCRYPT_R)
        .mask("BCH_KDF_SCRYPT_P", "bch_sb_field_crypt", "kdf_flags", EncryptedKey.SCRYPT_P)
        .enumerator("bch_kdf_types", "BCH_KDF_SCRYPT", EncryptedKey.KDF_SCRYPT)
        .enumerator("bch_kdf_types", "BCH_KDF_NR", EncryptedKey.KDF_SCRYPT + 1);
  }

  private static void cleanAndExt(Claims claims) {
    claims
        .size("bch_sb_field_clean", CleanSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_clean", "flags", CleanSection.OFFSET_FLAGS)
        .offset("bch_sb_field_clean", "_read_clock", CleanSection.OFFSET_READ_CLOCK)
        .offset("bch_sb_field_clean", "_write_clock", CleanSection.OFFSET_WRITE_CLOCK)
        .offset("bch_sb_field_clean", "journal_seq", CleanSection.OFFSET_JOURNAL_SEQ)
        .offset("bch_sb_field_clean", "start", CleanSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_clean", "_data", CleanSection.OFFSET_ENTRIES)
        .size("bch_sb_field_ext", ExtSection.OFFSET_BTREES_LOST_DATA_EVER)
        .offset(
            "bch_sb_field_ext",
            "recovery_passes_required",
            ExtSection.OFFSET_RECOVERY_PASSES_REQUIRED)
        .offset("bch_sb_field_ext", "errors_silent", ExtSection.OFFSET_ERRORS_SILENT)
        .offset("bch_sb_field_ext", "btrees_lost_data", ExtSection.OFFSET_BTREES_LOST_DATA)
        .offset("bch_sb_field_ext", "flags0", ExtSection.OFFSET_FLAGS0)
        .mask("BCH_SB_EXT_DEV_READAHEAD", "bch_sb_field_ext", "flags0", ExtSection.DEV_READAHEAD)
        .mask(
            "BCH_SB_EXT_EC_STRIPE_BUF_LIMIT",
            "bch_sb_field_ext",
            "flags0",
            ExtSection.EC_STRIPE_BUF_LIMIT)
        .mask(
            "BCH_SB_EXT_SCRUB_MAX_REWIND_SECS",
            "bch_sb_field_ext",
            "flags0",
            ExtSection.SCRUB_MAX_REWIND_SECS)
        .mask("BCH_SB_EXT_DISCARD_BUFFER", "bch_sb_field_ext", "flags0", ExtSection.DISCARD_BUFFER);
  }

  private static void groupsReplicasQuota(Claims claims) {
    claims
        .size("bch_sb_field_disk_groups", DiskGroupsSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_disk_groups", "entries", DiskGroupsSection.OFFSET_ENTRIES)
        .size("bch_disk_group", DiskGroupsSection.ENTRY_BYTES)
        .offset("bch_disk_group", "label", DiskGroupsSection.ENTRY_OFFSET_LABEL)
        .offset("bch_disk_group", "flags", DiskGroupsSection.ENTRY_OFFSET_FLAGS)
        .mask("BCH_GROUP_DELETED", "bch_disk_group", "flags[0]", DiskGroupsSection.DELETED)
        .mask(
            "BCH_GROUP_DATA_ALLOWED", "bch_disk_group", "flags[0]", DiskGroupsSection.DATA_ALLOWED)
        .mask("BCH_GROUP_PARENT", "bch_disk_group", "flags[0]", DiskGroupsSection.PARENT)
        .size("bch_sb_field_replicas_v0", ReplicasSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_replicas_v0", "entries", ReplicasSection.OFFSET_ENTRIES)
        .size("bch_sb_field_replicas", ReplicasSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_replicas", "entries", ReplicasSection.OFFSET_ENTRIES)
        .size("bch_replicas_entry_v0", ReplicasSection.V0_ENTRY_OFFSET_DEVS)
        .offset("bch_replicas_entry_v0", "data_type", ReplicasSection.ENTRY_OFFSET_DATA_TYPE)
        .offset("bch_replicas_entry_v0", "nr_devs", ReplicasSection.ENTRY_OFFSET_NR_DEVS)
        .offset("bch_replicas_entry_v0", "devs", ReplicasSection.V0_ENTRY_OFFSET_DEVS)
        .size("bch_replicas_entry_v1", ReplicasSection.V1_ENTRY_OFFSET_DEVS)
        .offset("bch_replicas_entry_v1", "data_type", ReplicasSection.ENTRY_OFFSET_DATA_TYPE)
        .offset("bch_replicas_entry_v1", "nr_devs", ReplicasSection.ENTRY_OFFSET_NR_DEVS)
        .offset("bch_replicas_entry_v1", "nr_required", ReplicasSection.V1_ENTRY_OFFSET_NR_REQUIRED)
        .offset("bch_replicas_entry_v1", "devs", ReplicasSection.V1_ENTRY_OFFSET_DEVS)
        .size(
            "bch_sb_field_quota",
            QuotaSection.OFFSET_TYPES + QuotaSection.TYPE_COUNT * QuotaSection.TYPE_BYTES)
        .offset("bch_sb_field_quota", "q", QuotaSection.OFFSET_TYPES)
        .size("bch_sb_quota_type", QuotaSection.TYPE_BYTES)
        .offset("bch_sb_quota_type", "flags", QuotaSection.TYPE_OFFSET_FLAGS)
        .offset("bch_sb_quota_type", "c", QuotaSection.TYPE_OFFSET_COUNTERS)
        .size("bch_sb_quota_counter", QuotaSection.COUNTER_BYTES)
        .offset("bch_sb_quota_counter", "timelimit", QuotaSection.COUNTER_OFFSET_TIMELIMIT)
        .offset("bch_sb_quota_counter", "warnlimit", QuotaSection.COUNTER_OFFSET_WARNLIMIT);
  }

  private static void lists(Claims claims) {
    claims
        .size("bch_sb_field_journal_seq_blacklist", BlacklistSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_journal_seq_blacklist", "start", BlacklistSection.OFFSET_ENTRIES)
        .size("journal_seq_blacklist_entry", BlacklistSection.ENTRY_BYTES)
        .offset("journal_seq_blacklist_entry", "start", BlacklistSection.ENTRY_OFFSET_START)
        .offset("journal_seq_blacklist_entry", "end", BlacklistSection.ENTRY_OFFSET_END)
        .size("bch_sb_field_counters", CountersSection.OFFSET_COUNTERS)
        .offset("bch_sb_field_counters", "d", CountersSection.OFFSET_COUNTERS)
        .size("bch_sb_field_errors", ErrorsSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_errors", "entries", ErrorsSection.OFFSET_ENTRIES)
        .size("bch_sb_field_error_entry", ErrorsSection.ENTRY_BYTES)
        .offset("bch_sb_field_error_entry", "v", ErrorsSection.ENTRY_OFFSET_V)
        .offset(
            "bch_sb_field_error_entry",
            "last_error_time",
            ErrorsSection.ENTRY_OFFSET_LAST_ERROR_TIME)
        .mask("BCH_SB_ERROR_ENTRY_ID", "bch_sb_field_error_entry", "v", ErrorsSection.ID)
        .mask("BCH_SB_ERROR_ENTRY_NR", "bch_sb_field_error_entry", "v", ErrorsSection.NR)
        .size("bch_sb_field_downgrade", DowngradeSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_downgrade", "entries", DowngradeSection.OFFSET_ENTRIES)
        .size("bch_sb_field_downgrade_entry", DowngradeSection.ENTRY_OFFSET_ERRORS)
        .offset("bch_sb_field_downgrade_entry", "version", DowngradeSection.ENTRY_OFFSET_VERSION)
        .offset(
            "bch_sb_field_downgrade_entry",
            "recovery_passes",
            DowngradeSection.ENTRY_OFFSET_RECOVERY_PASSES)
        .offset(
            "bch_sb_field_downgrade_entry", "nr_errors", DowngradeSection.ENTRY_OFFSET_NR_ERRORS)
        .offset("bch_sb_field_downgrade_entry", "errors", DowngradeSection.ENTRY_OFFSET_ERRORS)
        .size("bch_sb_field_recovery_passes", RecoveryPassesSection.OFFSET_ENTRIES)
        .offset("bch_sb_field_recovery_passes", "start", RecoveryPassesSection.OFFSET_ENTRIES)
        .size("recovery_pass_entry", RecoveryPassesSection.ENTRY_BYTES)
        .offset("recovery_pass_entry", "last_run", RecoveryPassesSection.ENTRY_OFFSET_LAST_RUN)
        .offset(
            "recovery_pass_entry", "last_runtime", RecoveryPassesSection.ENTRY_OFFSET_LAST_RUNTIME)
        .offset("recovery_pass_entry", "flags", RecoveryPassesSection.ENTRY_OFFSET_FLAGS)
        .mask(
            "BCH_RECOVERY_PASS_NO_RATELIMIT",
            "recovery_pass_entry",
            "flags",
            RecoveryPassesSection.NO_RATELIMIT)
        .size("bch_sb_field_extent_type_u64s", ExtentTypesSection.OFFSET_SIZES)
        .offset("bch_sb_field_extent_type_u64s", "d", ExtentTypesSection.OFFSET_SIZES);
  }
}
