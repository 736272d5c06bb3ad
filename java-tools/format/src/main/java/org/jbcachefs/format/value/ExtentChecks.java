// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;

/** What must hold of a key with pointers by itself. Source: {@code bch2_bkey_ptrs_validate}. */
final class ExtentChecks {
  private final Bkey key;
  private final boolean isNodePointer;
  private final long[] devices = new long[4];
  private int nonce = -1;
  private int pointers;
  private boolean written;
  private boolean unwritten;
  private boolean stripe;
  private boolean crcPending;
  private boolean anyDevice;
  private boolean first = true;

  private ExtentChecks(Bkey key) {
    this.key = key;
    this.isNodePointer =
        key.type() == KeyType.BTREE_PTR.number() || key.type() == KeyType.BTREE_PTR_V2.number();
  }

  static Problem check(Bkey key) {
    return new ExtentChecks(key).entries();
  }

  private Problem entries() {
    ExtentEntries entries = new ExtentEntries().of(key, ExtentEntrySizes.KNOWN);
    while (entries.next()) {
      Problem problem = entry(entries);
      if (problem != null) {
        return problem;
      }
      first = false;
    }
    if (entries.unreadable()) {
      return new Problem("extent_ptrs_invalid_entry", "invalid extent entry");
    }
    return whole();
  }

  private Problem entry(ExtentEntries entries) {
    ExtentEntryType type = ExtentEntryType.of(entries.type());
    if (isNodePointer && type != null && !isAllowedInNodePointer(type)) {
      return new Problem("btree_ptr_has_non_ptr", "has non allowed field");
    }
    return switch (type) {
      case PTR -> pointer(entries);
      case CRC32, CRC64, CRC128 -> crc(entries.crc());
      case STRIPE_PTR -> {
        boolean twice = stripe;
        stripe = true;
        yield twice ? new Problem("ptr_stripe_redundant", "redundant stripe entry") : null;
      }
      case RECONCILE -> reconcile(entries.word());
      case FLAGS ->
          first
              ? null
              : new Problem("extent_flags_not_at_start", "extent flags entry not at start");
      case REBALANCE_V1, RECONCILE_BP -> null;
      case null -> null;
    };
  }

  private static boolean isAllowedInNodePointer(ExtentEntryType type) {
    return type == ExtentEntryType.PTR
        || type == ExtentEntryType.RECONCILE
        || type == ExtentEntryType.RECONCILE_BP;
  }

  private Problem pointer(ExtentEntries entries) {
    int device = entries.dev();
    boolean exists = device != ExtentPtr.NO_DEVICE;
    if (exists && (devices[device >>> 6] >>> device & 1) != 0) {
      return new Problem(
          "ptr_to_duplicate_device", "multiple pointers to same device (" + device + ")");
    }
    if (exists) {
      devices[device >>> 6] |= 1L << device;
      written |= !entries.unwritten();
      unwritten |= entries.unwritten();
    }
    if (entries.cached() && stripe) {
      return new Problem("ptr_cached_and_erasure_coded", "cached, erasure coded ptr");
    }
    anyDevice |= exists || stripe;
    stripe = false;
    crcPending = false;
    pointers++;
    return null;
  }

  private Problem crc(ExtentCrc crc) {
    ChecksumType checksum = ChecksumType.of(crc.checksumType());
    if (checksum == null) {
      return new Problem("ptr_crc_csum_type_unknown", "invalid checksum type");
    }
    if (CompressionType.of(crc.compressionType()) == null) {
      return new Problem("ptr_crc_compression_type_unknown", "invalid compression type");
    }
    long live = Integer.toUnsignedLong(key.size());
    if (crc.offset() + live > crc.uncompressedSectors()) {
      return new Problem(
          "ptr_crc_uncompressed_size_too_small", "checksum offset + key size > uncompressed size");
    }
    if (!crc.isCompressed() && crc.compressedSectors() != crc.uncompressedSectors()) {
      return new Problem(
          "ptr_crc_uncompressed_size_mismatch",
          "not compressed but compressed != uncompressed size");
    }
    if (checksum.isMac()) {
      int start = crc.offset() + crc.nonce();
      if (nonce >= 0 && nonce != start) {
        return new Problem("ptr_crc_nonce_mismatch", "incorrect nonce");
      }
      nonce = start;
    }
    boolean twice = crcPending;
    crcPending = true;
    return twice ? new Problem("ptr_crc_redundant", "redundant crc entry") : null;
  }

  private static Problem reconcile(long word) {
    long needed = ExtentReconcile.NEED_RB.get(word);
    if (ExtentReconcile.PENDING.isSet(word) && needed == 0) {
      return new Problem("extent_reconcile_bad_pending", "pending incorrectly set");
    }
    if (ExtentReconcile.HIPRI.isSet(word) && (needed & 1) == 0) {
      return new Problem("extent_reconcile_bad_hipri", "hipri incorrectly set");
    }
    return ExtentReconcile.DATA_REPLICAS.get(word) == 0
        ? new Problem("extent_reconcile_bad_replicas", "bad replicas")
        : null;
  }

  private Problem whole() {
    if (pointers == 0) {
      return new Problem("extent_ptrs_no_ptrs", "no ptrs");
    }
    if (pointers > ExtentEntries.MAX_PTRS) {
      return new Problem("extent_ptrs_too_many_ptrs", "too many ptrs: " + pointers);
    }
    if (written && unwritten) {
      return new Problem(
          "extent_ptrs_written_and_unwritten", "extent with unwritten and written ptrs");
    }
    if (unwritten && key.type() != KeyType.EXTENT.number()) {
      return new Problem("extent_ptrs_unwritten", "has unwritten ptrs");
    }
    if (crcPending) {
      return new Problem("extent_ptrs_redundant_crc", "redundant crc entry");
    }
    if (stripe) {
      return new Problem("extent_ptrs_redundant_stripe", "redundant stripe entry");
    }
    return isNodePointer || anyDevice
        ? null
        : new Problem("extent_ptrs_all_invalid", "extent without valid pointers");
  }
}
