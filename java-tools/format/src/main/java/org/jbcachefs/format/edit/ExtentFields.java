// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentFlags;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.ExtentReconcileBp;
import org.jbcachefs.format.extent.ExtentStripePtr;

/**
 * The fields of the entries in an extent's value: {@code ptr0.dev}, {@code crc1.csum_type}, counted
 * by type in the order of the entries. Stops at an entry of unknown type.
 */
final class ExtentFields {
  private final List<NamedField> fields;
  private final Map<ExtentEntryType, Integer> seen = new EnumMap<>(ExtentEntryType.class);
  private int crcs;
  private String prefix;
  private long at;

  private ExtentFields(List<NamedField> fields) {
    this.fields = fields;
  }

  /** The fields of all entries from byte {@code start} of a value on. */
  static List<NamedField> of(MemorySegment value, long start) {
    ExtentFields walk = new ExtentFields(new ArrayList<>());
    walk.at = start;
    while (walk.at + Long.BYTES <= value.byteSize()) {
      int number = ExtentEntryType.numberOf(Le.u64(value, walk.at));
      ExtentEntryType type = ExtentEntryType.of(number);
      if (type == null || walk.at + 8L * type.u64s() > value.byteSize()) {
        break;
      }
      walk.entry(type);
      walk.at += 8L * type.u64s();
    }
    return walk.fields;
  }

  private void entry(ExtentEntryType type) {
    int index = type.isCrc() ? crcs++ : seen.merge(type, 1, Integer::sum) - 1;
    prefix = (type.isCrc() ? "crc" : type.toString()) + index + ".";
    fields.add(NamedField.u64(prefix + "word", at));
    switch (type) {
      case PTR -> ptr();
      case CRC32 -> crc32();
      case CRC64 -> crc64();
      case CRC128 -> crc128();
      case STRIPE_PTR -> {
        add("block", ExtentStripePtr.BLOCK);
        add("redundancy", ExtentStripePtr.REDUNDANCY);
        add("idx", ExtentStripePtr.IDX);
      }
      case FLAGS -> add("flags", ExtentFlags.FLAGS);
      case RECONCILE -> reconcile();
      case RECONCILE_BP -> add("idx", ExtentReconcileBp.IDX);
      case REBALANCE_V1 -> {}
    }
  }

  private void add(String name, BitRange bits) {
    fields.add(NamedField.bits(prefix + name, at, Long.BYTES, bits));
  }

  private void ptr() {
    add("cached", ExtentPtr.CACHED);
    add("unwritten", ExtentPtr.UNWRITTEN);
    add("offset", ExtentPtr.OFFSET);
    add("dev", ExtentPtr.DEV);
    add("gen", ExtentPtr.GEN);
  }

  private void crc32() {
    add("compressed_size", ExtentCrc.CRC32_COMPRESSED_SIZE);
    add("uncompressed_size", ExtentCrc.CRC32_UNCOMPRESSED_SIZE);
    add("offset", ExtentCrc.CRC32_OFFSET);
    add("csum_type", ExtentCrc.CRC32_CSUM_TYPE);
    add("compression_type", ExtentCrc.CRC32_COMPRESSION_TYPE);
    fields.add(NamedField.u32(prefix + "csum", at + 4));
  }

  private void crc64() {
    add("compressed_size", ExtentCrc.CRC64_COMPRESSED_SIZE);
    add("uncompressed_size", ExtentCrc.CRC64_UNCOMPRESSED_SIZE);
    add("offset", ExtentCrc.CRC64_OFFSET);
    add("nonce", ExtentCrc.CRC64_NONCE);
    add("csum_type", ExtentCrc.CRC64_CSUM_TYPE);
    add("compression_type", ExtentCrc.CRC64_COMPRESSION_TYPE);
    add("csum_hi", ExtentCrc.CRC64_CSUM_HI);
    fields.add(NamedField.u64(prefix + "csum", at + 8));
  }

  private void crc128() {
    add("compressed_size", ExtentCrc.CRC128_COMPRESSED_SIZE);
    add("uncompressed_size", ExtentCrc.CRC128_UNCOMPRESSED_SIZE);
    add("offset", ExtentCrc.CRC128_OFFSET);
    add("nonce", ExtentCrc.CRC128_NONCE);
    add("csum_type", ExtentCrc.CRC128_CSUM_TYPE);
    add("compression_type", ExtentCrc.CRC128_COMPRESSION_TYPE);
    fields.add(NamedField.u64(prefix + "csum", at + 8));
    fields.add(NamedField.u64(prefix + "csum_hi", at + 16));
  }

  private void reconcile() {
    add("ptrs_moving", ExtentReconcile.PTRS_MOVING);
    add("hipri", ExtentReconcile.HIPRI);
    add("pending", ExtentReconcile.PENDING);
    add("need_rb", ExtentReconcile.NEED_RB);
    add("data_replicas", ExtentReconcile.DATA_REPLICAS);
    add("data_checksum", ExtentReconcile.DATA_CHECKSUM);
    add("erasure_code", ExtentReconcile.ERASURE_CODE);
    add("background_compression", ExtentReconcile.BACKGROUND_COMPRESSION);
    add("background_target", ExtentReconcile.BACKGROUND_TARGET);
    add("promote_target", ExtentReconcile.PROMOTE_TARGET);
    add("data_replicas_from_inode", ExtentReconcile.DATA_REPLICAS_FROM_INODE);
    add("data_checksum_from_inode", ExtentReconcile.DATA_CHECKSUM_FROM_INODE);
    add("background_target_from_inode", ExtentReconcile.BACKGROUND_TARGET_FROM_INODE);
  }
}
