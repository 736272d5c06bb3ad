// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import java.util.Arrays;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.hash.StrHash;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.tables.ReconcileWork;
import org.jbcachefs.format.value.AccountingType;

/** Key types, btrees, journal entry types and other numbers that keys and entries carry. */
final class EnumerationClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    KeyType[] keyTypes =
        Arrays.stream(KeyType.values())
            .filter(type -> type != KeyType.DAMAGE)
            .toArray(KeyType[]::new);
    BtreeId[] btrees =
        Arrays.stream(BtreeId.values())
            .filter(btree -> !btree.toString().equals("damage"))
            .toArray(BtreeId[]::new);
    claims
        .enumeration("bch_bkey_type", "KEY_TYPE_", keyTypes, KeyType::toString, KeyType::number)
        .enumerator("bch_bkey_type", "KEY_TYPE_MAX", keyTypes.length)
        .enumeration("btree_id", "BTREE_ID_", btrees, BtreeId::toString, BtreeId::number)
        .enumerator("btree_id", "BTREE_ID_NR", btrees.length)
        .enumeration(
            "bch_jset_entry_type",
            "BCH_JSET_ENTRY_",
            JsetEntryType.values(),
            JsetEntryType::toString,
            JsetEntryType::number)
        .enumerator("bch_jset_entry_type", "BCH_JSET_ENTRY_NR", JsetEntryType.values().length)
        .enumeration(
            "bch_compression_type",
            "BCH_COMPRESSION_TYPE_",
            CompressionType.values(),
            CompressionType::toString,
            CompressionType::number)
        .enumerator(
            "bch_compression_type", "BCH_COMPRESSION_TYPE_NR", CompressionType.values().length)
        .enumeration(
            "disk_accounting_type",
            "BCH_DISK_ACCOUNTING_",
            AccountingType.values(),
            AccountingType::toString,
            AccountingType::number)
        .enumerator(
            "disk_accounting_type", "BCH_DISK_ACCOUNTING_TYPE_NR", AccountingType.values().length)
        .enumeration(
            "bch_reconcile_accounting_type",
            "BCH_RECONCILE_ACCOUNTING_",
            ReconcileWork.values(),
            ReconcileWork::toString,
            ReconcileWork::number)
        .enumerator(
            "bch_reconcile_accounting_type",
            "BCH_RECONCILE_ACCOUNTING_NR",
            ReconcileWork.values().length)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_crc32c", StrHash.CRC32C)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_crc64", StrHash.CRC64)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_siphash_old", StrHash.SIPHASH_OLD)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_siphash", StrHash.SIPHASH)
        .enumerator("bch_str_hash_type", "BCH_STR_HASH_NR", StrHash.TYPES);
  }
}
