// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import java.util.List;

/** Facts for which nothing is declared, and why. Comes last. */
final class SetAside implements LayoutClaims {
  private static final String MEMORY = "of the reference's memory, not of the disk";
  private static final String IOCTL = "of the reference's ioctls, not of the disk";
  private static final String WRITER = "of no use to a reader";
  private static final String VALUE = "values are declared by their fields";

  private static final List<String> VALUE_STRUCTS =
      List.of(
          "bch_error",
          "bch_accounting",
          "bch_alloc_v2",
          "bch_alloc_v3",
          "bch_alloc",
          "bch_inline_data",
          "bch_reflink_v",
          "bch_quota_counter");

  @Override
  public void claim(Claims claims) {
    for (String key : claims.open()) {
      String[] words = key.split(" ", -1);
      boolean head = words[0].equals("F") && words[2].equals("v");
      boolean pad = words[0].equals("F") && (words[2].equals("pad") || words[2].startsWith("__"));
      if (head || pad) {
        claims.setAside(key, head ? "the empty struct that all values begin with" : "padding");
      }
    }
    for (String struct : VALUE_STRUCTS) {
      claims.setAside("S " + struct, VALUE);
    }
    values(claims);
    outside(claims);
  }

  private static void values(Claims claims) {
    claims
        .setAside("S bch_val", "the empty struct that all values begin with")
        .setAside("F bch_accounting d", VALUE)
        .setAside("F bch_bucket_gens gens", VALUE)
        .setAside("F bch_inline_data data", VALUE)
        .setAside("F bch_reflink_v ", "an 8-byte count and entries, see ExtentEntries")
        .setAside("F bch_quota_counter ", "held as the quota's four fields")
        .setAside("F disk_accounting_pos ", "a type byte and what follows it, see AccountingKey")
        .setAside("S disk_accounting_pos", "a position, see Bpos")
        .setAside("S nonce", "four words, see Nonce")
        .setAside("F nonce ", "four words, see Nonce")
        .setAside("C KEY_TYPE_BUCKET_GENS_BITS", "held as BucketGens.COUNT")
        .setAside("E bch_reconcile_opts", "held as the bits of ExtentReconcile");
  }

  private static void outside(Claims claims) {
    claims
        .setAside("S bch_ioctl_data", IOCTL)
        .setAside("F bch_ioctl_data ", IOCTL)
        .setAside("S bch_replicas_usage", IOCTL)
        .setAside("F bch_replicas_usage ", IOCTL)
        .setAside("E bch_data_ops", IOCTL)
        .setAside("E data_progress_data_type_special", IOCTL)
        .setAside("E bch_ioctl_data_event_ret", IOCTL)
        .setAside("E anon:BKEY_VALIDATE_unknown", MEMORY)
        .setAside("E anon:BTREE_BITMAP_NO", MEMORY)
        .setAside("E bch_lru_type", MEMORY)
        .setAside("E reconcile_work_id", MEMORY)
        .setAside("E bch_member_initialized", WRITER)
        .setAside("C BCH_REPLICAS_MAX", WRITER)
        .setAside("C BCH_JOURNAL_BUCKETS_MIN", WRITER)
        .setAside("C LRU_TIME_BITS", WRITER)
        .setAside("C CRC32_NONCE_MAX", WRITER)
        .setAside("C BCH_DT_MAX", WRITER);
  }
}
