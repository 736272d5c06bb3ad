// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetValue;

/** Headers of journal entries; the values in them are held by the journal's own layout test. */
final class JournalClaims implements LayoutClaims {
  private static final String[] VALUES = {
    "blacklist_v2",
    "blacklist",
    "usage",
    "data_usage",
    "clock",
    "dev_usage_type",
    "dev_usage",
    "log",
    "datetime",
    "rewind_limit",
    "rewind"
  };

  @Override
  public void claim(Claims claims) {
    claims
        .size("jset", Jset.BYTES)
        .offset("jset", "csum", Jset.OFFSET_CSUM)
        .offset("jset", "magic", Jset.OFFSET_MAGIC)
        .offset("jset", "seq", Jset.OFFSET_SEQ)
        .offset("jset", "version", Jset.OFFSET_VERSION)
        .offset("jset", "flags", Jset.OFFSET_FLAGS)
        .offset("jset", "u64s", Jset.OFFSET_U64S)
        .offset("jset", "encrypted_start", Jset.OFFSET_ENCRYPTED)
        .offset("jset", "_read_clock", Jset.OFFSET_READ_CLOCK)
        .offset("jset", "_write_clock", Jset.OFFSET_WRITE_CLOCK)
        .offset("jset", "last_seq", Jset.OFFSET_LAST_SEQ)
        .offset("jset", "start", Jset.OFFSET_ENTRIES)
        .offset("jset", "_data", Jset.OFFSET_ENTRIES)
        .mask("JSET_CSUM_TYPE", "jset", "flags", Jset.CSUM_TYPE)
        .mask("JSET_BIG_ENDIAN", "jset", "flags", Jset.BIG_ENDIAN)
        .mask("JSET_NO_FLUSH", "jset", "flags", Jset.NO_FLUSH)
        .mask("JSET_HAS_OVERWRITES", "jset", "flags", Jset.HAS_OVERWRITES)
        .size("jset_entry", JsetEntry.BYTES)
        .offset("jset_entry", "u64s", JsetEntry.OFFSET_U64S)
        .offset("jset_entry", "btree_id", JsetEntry.OFFSET_BTREE_ID)
        .offset("jset_entry", "level", JsetEntry.OFFSET_LEVEL)
        .offset("jset_entry", "type", JsetEntry.OFFSET_TYPE)
        .offset("jset_entry", "pad", JsetEntry.OFFSET_PAD)
        .offset("jset_entry", "start", JsetEntry.OFFSET_DATA)
        .offset("jset_entry", "_data", JsetEntry.OFFSET_DATA)
        .enumerator("bch_fs_usage_type", "BCH_FS_USAGE_reserved", JsetValue.Usage.RESERVED)
        .enumerator("bch_fs_usage_type", "BCH_FS_USAGE_inodes", JsetValue.Usage.INODES)
        .enumerator("bch_fs_usage_type", "BCH_FS_USAGE_key_version", JsetValue.Usage.KEY_VERSION)
        .enumerator("bch_fs_usage_type", "BCH_FS_USAGE_NR", JsetValue.Usage.KEY_VERSION + 1);
    for (String value : VALUES) {
      claims
          .setAside("S jset_entry_" + value, "held by JsetLayoutTest")
          .setAside("F jset_entry_" + value + " ", "held by JsetLayoutTest");
    }
  }
}
