// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;

/** Positions, keys, their packing, btrees and key types. */
final class KeyClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    positions(claims);
    keys(claims);
    packed(claims);
    formats(claims);
    tables(claims);
  }

  private static void positions(Claims claims) {
    claims
        .size("bpos", Bpos.BYTES)
        .offset("bpos", "snapshot", Bpos.OFFSET_SNAPSHOT)
        .offset("bpos", "offset", Bpos.OFFSET_OFFSET)
        .offset("bpos", "inode", Bpos.OFFSET_INODE)
        .size("bversion", Bkey.OFFSET_SIZE - Bkey.OFFSET_VERSION_LO)
        .offset("bversion", "lo", 0)
        .offset("bversion", "hi", Bkey.OFFSET_VERSION_HI - Bkey.OFFSET_VERSION_LO);
  }

  private static void keys(Claims claims) {
    claims
        .size("bkey", Bkey.BYTES)
        .offset("bkey", "u64s", Bkey.OFFSET_U64S)
        .bitField("bkey", "format", 8 * Bkey.OFFSET_FORMAT, Integer.bitCount(Bkey.FORMAT_MASK))
        .bitField("bkey", "needs_whiteout", 15, 8 - Integer.bitCount(Bkey.FORMAT_MASK))
        .offset("bkey", "type", Bkey.OFFSET_TYPE)
        .offset("bkey", "pad", Bkey.OFFSET_PAD)
        .offset("bkey", "bversion", Bkey.OFFSET_VERSION_LO)
        .offset("bkey", "size", Bkey.OFFSET_SIZE)
        .offset("bkey", "p", Bkey.OFFSET_SNAPSHOT)
        .size("bkey_i", Bkey.BYTES)
        .offset("bkey_i", "_data", 0)
        .offset("bkey_i", "k", 0)
        .offset("bkey_i", "v", Bkey.BYTES)
        .constant("KEY_FORMAT_LOCAL_BTREE", Bkey.FORMAT_LOCAL)
        .constant("KEY_FORMAT_CURRENT", Bkey.FORMAT_CURRENT);
  }

  private static void packed(Claims claims) {
    claims
        .size("bkey_packed", Bkey.BYTES)
        .offset("bkey_packed", "_data", 0)
        .offset("bkey_packed", "u64s", Bkey.OFFSET_U64S)
        .bitField("bkey_packed", "format", 8, Integer.bitCount(Bkey.FORMAT_MASK))
        .bitField("bkey_packed", "needs_whiteout", 15, 1)
        .offset("bkey_packed", "type", Bkey.OFFSET_TYPE)
        .offset("bkey_packed", "key_start", BkeyFormat.HEADER_BITS / Byte.SIZE)
        .offset("bkey_packed", "pad", Bkey.OFFSET_PAD);
  }

  private static void formats(Claims claims) {
    String fields = "bch_bkey_fields";
    claims
        .size("bkey_format", BkeyFormat.BYTES)
        .offset("bkey_format", "key_u64s", BkeyFormat.OFFSET_KEY_U64S)
        .offset("bkey_format", "nr_fields", BkeyFormat.OFFSET_NR_FIELDS)
        .offset("bkey_format", "bits_per_field", BkeyFormat.OFFSET_BITS_PER_FIELD)
        .offset("bkey_format", "field_offset", BkeyFormat.OFFSET_FIELD_OFFSET)
        .enumerator(fields, "BKEY_FIELD_INODE", BkeyFormat.FIELD_INODE)
        .enumerator(fields, "BKEY_FIELD_OFFSET", BkeyFormat.FIELD_OFFSET)
        .enumerator(fields, "BKEY_FIELD_SNAPSHOT", BkeyFormat.FIELD_SNAPSHOT)
        .enumerator(fields, "BKEY_FIELD_SIZE", BkeyFormat.FIELD_SIZE)
        .enumerator(fields, "BKEY_FIELD_VERSION_HI", BkeyFormat.FIELD_VERSION_HI)
        .enumerator(fields, "BKEY_FIELD_VERSION_LO", BkeyFormat.FIELD_VERSION_LO)
        .enumerator(fields, "BKEY_NR_FIELDS", BkeyFormat.FIELDS)
        .constant("KEY_PACKED_BITS_START", BkeyFormat.HEADER_BITS);
  }

  // The last btree and key type that are declared came with version 1.39.
  private static void tables(Claims claims) {
    BtreeId[] btrees = java.util.Arrays.copyOf(BtreeId.values(), BtreeId.DAMAGE.number());
    KeyType[] types = java.util.Arrays.copyOf(KeyType.values(), KeyType.DAMAGE.number());
    claims
        .enumeration("btree_id", "BTREE_ID_", btrees, BtreeId::toString, BtreeId::number)
        .enumerator("btree_id", "BTREE_ID_NR", btrees.length)
        .constant("BTREE_ID_NR_MAX", BtreeId.NUMBER_LIMIT)
        .enumerator("anon:BTREE_MAX_DEPTH", "BTREE_MAX_DEPTH", BtreeId.MAX_DEPTH)
        .enumeration("bch_bkey_type", "KEY_TYPE_", types, KeyType::toString, KeyType::number)
        .enumerator("bch_bkey_type", "KEY_TYPE_MAX", types.length)
        .setAside("E btree_id_flags ", "bits of a table in memory")
        .setAside("E bch_bkey_type_flags ", "bits of a table in memory");
  }
}
