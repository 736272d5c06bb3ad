// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.layout;

import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentFlags;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentRebalanceV1;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.ExtentReconcileBp;
import org.jbcachefs.format.extent.ExtentStripePtr;
import org.jbcachefs.format.extent.StripeValue;

/** Extent entries, stripes, compression types. */
final class ExtentClaims implements LayoutClaims {
  @Override
  public void claim(Claims claims) {
    types(claims);
    pointers(claims);
    crc32(claims);
    crc64(claims);
    crc128(claims);
    rebalance(claims);
    reconcile(claims);
    stripe(claims);
  }

  private static void types(Claims claims) {
    claims
        .enumeration(
            "bch_extent_entry_type",
            "BCH_EXTENT_ENTRY_",
            ExtentEntryType.values(),
            ExtentEntryType::toString,
            ExtentEntryType::number)
        .enumerator(
            "bch_extent_flags_e",
            "BCH_EXTENT_FLAG_poisoned",
            Long.numberOfTrailingZeros(ExtentFlags.POISONED))
        .enumeration(
            "bch_compression_type",
            "BCH_COMPRESSION_TYPE_",
            CompressionType.values(),
            CompressionType::toString,
            CompressionType::number)
        .enumerator(
            "bch_compression_type", "BCH_COMPRESSION_TYPE_NR", CompressionType.values().length);
    for (ExtentEntryType type : ExtentEntryType.values()) {
      claims.size("bch_extent_" + type, type.u64s() * Long.BYTES);
      claims.offset("bch_extent_entry", type.toString(), 0);
    }
    claims
        .offset("bch_extent_entry", "type", 0)
        .size("bch_extent_entry", ExtentEntryType.CRC128.u64s() * Long.BYTES)
        .constant("BCH_EXTENT_ENTRY_MAX", ExtentEntryType.values().length)
        .constant("BCH_BKEY_PTRS_MAX", ExtentEntries.MAX_PTRS)
        .constant("BCH_SB_MEMBER_INVALID", ExtentPtr.NO_DEVICE)
        .size("bch_extent", 0)
        .offset("bch_extent", "start", 0)
        .setAside("F bch_extent ", "names the same place again");
  }

  private static Claims bits(Claims claims, String struct, String field, BitRange range) {
    return claims.bitField(struct, field, 0, range);
  }

  private static void pointers(Claims claims) {
    String ptr = "bch_extent_ptr";
    bits(claims, ptr, "type", ExtentPtr.TYPE);
    bits(claims, ptr, "cached", ExtentPtr.CACHED);
    bits(claims, ptr, "unused", ExtentPtr.UNUSED);
    bits(claims, ptr, "unwritten", ExtentPtr.UNWRITTEN);
    bits(claims, ptr, "offset", ExtentPtr.OFFSET);
    bits(claims, ptr, "dev", ExtentPtr.DEV);
    bits(claims, ptr, "gen", ExtentPtr.GEN);
    String stripe = "bch_extent_stripe_ptr";
    bits(claims, stripe, "type", ExtentStripePtr.TYPE);
    bits(claims, stripe, "block", ExtentStripePtr.BLOCK);
    bits(claims, stripe, "redundancy", ExtentStripePtr.REDUNDANCY);
    bits(claims, stripe, "idx", ExtentStripePtr.IDX);
    bits(claims, "bch_extent_flags", "type", ExtentFlags.TYPE);
    bits(claims, "bch_extent_flags", "flags", ExtentFlags.FLAGS);
    bits(claims, "bch_extent_reconcile_bp", "type", ExtentReconcileBp.TYPE);
    bits(claims, "bch_extent_reconcile_bp", "idx", ExtentReconcileBp.IDX);
  }

  private static void crc32(Claims claims) {
    String crc = "bch_extent_crc32";
    bits(claims, crc, "type", ExtentCrc.CRC32_TYPE);
    bits(claims, crc, "_compressed_size", ExtentCrc.CRC32_COMPRESSED_SIZE);
    bits(claims, crc, "_uncompressed_size", ExtentCrc.CRC32_UNCOMPRESSED_SIZE);
    bits(claims, crc, "offset", ExtentCrc.CRC32_OFFSET);
    bits(claims, crc, "_unused", ExtentCrc.CRC32_UNUSED);
    bits(claims, crc, "csum_type", ExtentCrc.CRC32_CSUM_TYPE);
    bits(claims, crc, "compression_type", ExtentCrc.CRC32_COMPRESSION_TYPE);
    claims.offset(crc, "csum", ExtentCrc.CRC32_CSUM);
  }

  private static void crc64(Claims claims) {
    String crc = "bch_extent_crc64";
    bits(claims, crc, "type", ExtentCrc.CRC64_TYPE);
    bits(claims, crc, "_compressed_size", ExtentCrc.CRC64_COMPRESSED_SIZE);
    bits(claims, crc, "_uncompressed_size", ExtentCrc.CRC64_UNCOMPRESSED_SIZE);
    bits(claims, crc, "offset", ExtentCrc.CRC64_OFFSET);
    bits(claims, crc, "nonce", ExtentCrc.CRC64_NONCE);
    bits(claims, crc, "csum_type", ExtentCrc.CRC64_CSUM_TYPE);
    bits(claims, crc, "compression_type", ExtentCrc.CRC64_COMPRESSION_TYPE);
    bits(claims, crc, "csum_hi", ExtentCrc.CRC64_CSUM_HI);
    claims.offset(crc, "csum_lo", ExtentCrc.CRC64_CSUM_LO);
  }

  private static void crc128(Claims claims) {
    String crc = "bch_extent_crc128";
    bits(claims, crc, "type", ExtentCrc.CRC128_TYPE);
    bits(claims, crc, "_compressed_size", ExtentCrc.CRC128_COMPRESSED_SIZE);
    bits(claims, crc, "_uncompressed_size", ExtentCrc.CRC128_UNCOMPRESSED_SIZE);
    bits(claims, crc, "offset", ExtentCrc.CRC128_OFFSET);
    bits(claims, crc, "nonce", ExtentCrc.CRC128_NONCE);
    bits(claims, crc, "csum_type", ExtentCrc.CRC128_CSUM_TYPE);
    bits(claims, crc, "compression_type", ExtentCrc.CRC128_COMPRESSION_TYPE);
    claims.offset(crc, "csum", ExtentCrc.CRC128_CSUM);
  }

  private static void rebalance(Claims claims) {
    String struct = "bch_extent_rebalance_v1";
    bits(claims, struct, "type", ExtentRebalanceV1.TYPE);
    bits(claims, struct, "unused", ExtentRebalanceV1.UNUSED);
    bits(claims, struct, "promote_target_from_inode", ExtentRebalanceV1.PROMOTE_TARGET_FROM_INODE);
    bits(claims, struct, "erasure_code_from_inode", ExtentRebalanceV1.ERASURE_CODE_FROM_INODE);
    bits(claims, struct, "data_checksum_from_inode", ExtentRebalanceV1.DATA_CHECKSUM_FROM_INODE);
    bits(
        claims,
        struct,
        "background_compression_from_inode",
        ExtentRebalanceV1.BACKGROUND_COMPRESSION_FROM_INODE);
    bits(claims, struct, "data_replicas_from_inode", ExtentRebalanceV1.DATA_REPLICAS_FROM_INODE);
    bits(
        claims,
        struct,
        "background_target_from_inode",
        ExtentRebalanceV1.BACKGROUND_TARGET_FROM_INODE);
    bits(claims, struct, "promote_target", ExtentRebalanceV1.PROMOTE_TARGET);
    bits(claims, struct, "erasure_code", ExtentRebalanceV1.ERASURE_CODE);
    bits(claims, struct, "data_checksum", ExtentRebalanceV1.DATA_CHECKSUM);
    bits(claims, struct, "data_replicas", ExtentRebalanceV1.DATA_REPLICAS);
    bits(claims, struct, "background_compression", ExtentRebalanceV1.BACKGROUND_COMPRESSION);
    bits(claims, struct, "background_target", ExtentRebalanceV1.BACKGROUND_TARGET);
  }

  private static void reconcile(Claims claims) {
    String struct = "bch_extent_reconcile";
    bits(claims, struct, "type", ExtentReconcile.TYPE);
    bits(claims, struct, "unused", ExtentReconcile.UNUSED);
    bits(claims, struct, "ptrs_moving", ExtentReconcile.PTRS_MOVING);
    bits(claims, struct, "hipri", ExtentReconcile.HIPRI);
    bits(claims, struct, "pending", ExtentReconcile.PENDING);
    bits(claims, struct, "need_rb", ExtentReconcile.NEED_RB);
    bits(claims, struct, "data_replicas_from_inode", ExtentReconcile.DATA_REPLICAS_FROM_INODE);
    bits(claims, struct, "data_checksum_from_inode", ExtentReconcile.DATA_CHECKSUM_FROM_INODE);
    bits(claims, struct, "erasure_code_from_inode", ExtentReconcile.ERASURE_CODE_FROM_INODE);
    bits(
        claims,
        struct,
        "background_compression_from_inode",
        ExtentReconcile.BACKGROUND_COMPRESSION_FROM_INODE);
    bits(
        claims,
        struct,
        "background_target_from_inode",
        ExtentReconcile.BACKGROUND_TARGET_FROM_INODE);
    bits(claims, struct, "promote_target_from_inode", ExtentReconcile.PROMOTE_TARGET_FROM_INODE);
    bits(claims, struct, "data_replicas", ExtentReconcile.DATA_REPLICAS);
    bits(claims, struct, "data_checksum", ExtentReconcile.DATA_CHECKSUM);
    bits(claims, struct, "erasure_code", ExtentReconcile.ERASURE_CODE);
    bits(claims, struct, "background_compression", ExtentReconcile.BACKGROUND_COMPRESSION);
    bits(claims, struct, "background_target", ExtentReconcile.BACKGROUND_TARGET);
    bits(claims, struct, "promote_target", ExtentReconcile.PROMOTE_TARGET);
  }

  private static void stripe(Claims claims) {
    String struct = "bch_stripe";
    int flags = StripeValue.OFFSET_FLAGS;
    claims
        .size(struct, StripeValue.OFFSET_PTRS)
        .offset(struct, "v", 0)
        .offset(struct, "sectors", StripeValue.OFFSET_SECTORS)
        .bitField(struct, "algorithm", flags, StripeValue.ALGORITHM)
        .bitField(struct, "needs_reconcile", flags, StripeValue.NEEDS_RECONCILE)
        .bitField(struct, "can_widen", flags, StripeValue.CAN_WIDEN)
        .offset(struct, "nr_blocks", StripeValue.OFFSET_NR_BLOCKS)
        .offset(struct, "nr_redundant", StripeValue.OFFSET_NR_REDUNDANT)
        .offset(struct, "csum_granularity_bits", StripeValue.OFFSET_CSUM_GRANULARITY_BITS)
        .offset(struct, "csum_type", StripeValue.OFFSET_CSUM_TYPE)
        .offset(struct, "disk_label", StripeValue.OFFSET_DISK_LABEL)
        .offset(struct, "ptrs", StripeValue.OFFSET_PTRS);
  }
}
