// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentRebalanceV1;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.extent.ExtentReconcileBp;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.node.BtreePtrLayout;
import org.jbcachefs.format.tables.OptionChoices;

/** Keys with pointers as text: a line for each entry. */
final class ExtentText {
  private static final String LINE = "\n  ";

  /** Source: {@code BCH_RECONCILE_OPTS}. */
  private static final String[] RECONCILE_OPTIONS = {
    "data_replicas",
    "data_checksum",
    "erasure_code",
    "background_compression",
    "background_target",
    "promote_target"
  };

  private final KeyContext context;

  ExtentText(KeyContext context) {
    this.context = context;
  }

  void append(StringBuilder text, Bkey key) {
    KeyType type = KeyType.of(key.type());
    if (type == KeyType.STRIPE) {
      stripe(text, key);
      return;
    }
    if (type == KeyType.BTREE_PTR_V2) {
      boolean updated =
          BtreePtrLayout.RANGE_UPDATED.isSet(Shape.u16(key, BtreePtrLayout.OFFSET_FLAGS));
      long seq = Shape.u64(key, BtreePtrLayout.OFFSET_SEQ);
      text.append(LINE).append("seq ").append(Long.toHexString(seq));
      text.append(" written ").append(Shape.u16(key, BtreePtrLayout.OFFSET_SECTORS_WRITTEN));
      text.append(" min_key ").append(updated ? "R " : "");
      text.append(KeyText.bpos(key, BtreePtrLayout.OFFSET_MIN_KEY)).append(' ');
    } else if (type == KeyType.REFLINK_V) {
      text.append("refcount: ").append(Long.toUnsignedString(Shape.u64(key, 0))).append(' ');
    }
    entries(text, new ExtentEntries().of(key, context.entrySizes()));
  }

  private void entries(StringBuilder text, ExtentEntries entries) {
    text.append("durability: ").append(durability(entries)).append(' ');
    entries.rewind();
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      text.append(LINE).append(type == null ? "" : type + ": ");
      entry(text, entries, type);
    }
    if (entries.unreadable()) {
      text.append(LINE).append("(unknown extent entry)");
    }
  }

  private int durability(ExtentEntries entries) {
    int durability = 0;
    while (entries.nextPtr()) {
      if (!entries.cached() && entries.dev() != ExtentPtr.NO_DEVICE) {
        durability +=
            entries.hasStripe()
                ? entries.stripeRedundancy() + 1
                : context.durability(entries.dev());
      }
    }
    return durability;
  }

  private void entry(StringBuilder text, ExtentEntries entries, ExtentEntryType type) {
    switch (type) {
      case PTR -> pointer(text, entries.word());
      case CRC32, CRC64, CRC128 -> crc(text, entries.crc());
      case STRIPE_PTR ->
          text.append("idx ")
              .append(entries.stripeIdx())
              .append(" block ")
              .append(entries.stripeBlock());
      case FLAGS -> text.append(entries.poisoned() ? "poisoned" : "");
      case REBALANCE_V1 -> rebalance(text, entries.word());
      case RECONCILE -> reconcile(text, entries.word());
      case RECONCILE_BP -> text.append("idx ").append(ExtentReconcileBp.IDX.get(entries.word()));
      case null -> text.append(String.format("(unknown extent entry %016x)", entries.word()));
    }
  }

  private void pointer(StringBuilder text, long word) {
    int device = ExtentPtr.dev(word);
    long sector = ExtentPtr.sector(word);
    int bucketSectors = context.bucketSectors(device);
    if (bucketSectors == 0) {
      text.append(device).append(':').append(sector).append(" gen ").append(ExtentPtr.gen(word));
    } else {
      text.append(String.format("%6s ", context.deviceName(device))).append(device);
      text.append(':').append(sector / bucketSectors).append(':').append(sector % bucketSectors);
      text.append(" gen ").append(ExtentPtr.gen(word));
      int durability = context.durability(device);
      text.append(durability == 1 ? "" : " d=" + durability);
    }
    text.append(ExtentPtr.cached(word) ? " cached" : "");
    text.append(ExtentPtr.unwritten(word) ? " unwritten" : "");
  }

  private static void crc(StringBuilder text, ExtentCrc crc) {
    text.append("c_size ").append(crc.compressedSectors());
    text.append(" size ").append(crc.uncompressedSectors());
    text.append(" offset ").append(crc.offset());
    text.append(" nonce ").append(crc.nonce());
    text.append(" csum ").append(ChecksumType.nameOf(crc.checksumType()));
    text.append(' ').append(Long.toHexString(crc.checksumHi()));
    text.append(':').append(Long.toHexString(crc.checksumLo()));
    text.append("  compress ").append(CompressionType.nameOf(crc.compressionType()));
  }

  private void rebalance(StringBuilder text, long word) {
    options(
        text,
        word,
        ExtentRebalanceV1.DATA_REPLICAS,
        ExtentRebalanceV1.DATA_REPLICAS_FROM_INODE,
        ExtentRebalanceV1.DATA_CHECKSUM,
        ExtentRebalanceV1.DATA_CHECKSUM_FROM_INODE,
        ExtentRebalanceV1.BACKGROUND_COMPRESSION,
        ExtentRebalanceV1.BACKGROUND_COMPRESSION_FROM_INODE,
        ExtentRebalanceV1.BACKGROUND_TARGET,
        ExtentRebalanceV1.BACKGROUND_TARGET_FROM_INODE,
        ExtentRebalanceV1.PROMOTE_TARGET,
        ExtentRebalanceV1.PROMOTE_TARGET_FROM_INODE,
        ExtentRebalanceV1.ERASURE_CODE,
        ExtentRebalanceV1.ERASURE_CODE_FROM_INODE);
  }

  private void reconcile(StringBuilder text, long word) {
    text.append("need_rb=");
    int needed = ExtentReconcile.NEED_RB.getInt(word);
    String separator = "";
    for (int bit = 0; bit < RECONCILE_OPTIONS.length; bit++) {
      if ((needed >>> bit & 1) != 0) {
        text.append(separator).append(RECONCILE_OPTIONS[bit]);
        separator = ",";
      }
    }
    text.append(ExtentReconcile.HIPRI.isSet(word) ? " hipri" : "");
    text.append(ExtentReconcile.PENDING.isSet(word) ? " pending" : "");
    text.append(' ');
    options(
        text,
        word,
        ExtentReconcile.DATA_REPLICAS,
        ExtentReconcile.DATA_REPLICAS_FROM_INODE,
        ExtentReconcile.DATA_CHECKSUM,
        ExtentReconcile.DATA_CHECKSUM_FROM_INODE,
        ExtentReconcile.BACKGROUND_COMPRESSION,
        ExtentReconcile.BACKGROUND_COMPRESSION_FROM_INODE,
        ExtentReconcile.BACKGROUND_TARGET,
        ExtentReconcile.BACKGROUND_TARGET_FROM_INODE,
        ExtentReconcile.PROMOTE_TARGET,
        ExtentReconcile.PROMOTE_TARGET_FROM_INODE,
        ExtentReconcile.ERASURE_CODE,
        ExtentReconcile.ERASURE_CODE_FROM_INODE);
  }

  /** Value and from-inode ranges of replicas, checksum, compression, two targets, erasure code. */
  private void options(StringBuilder text, long word, BitRange... ranges) {
    text.append("replicas=").append(ranges[0].get(word)).append(inode(word, ranges[1]));
    String checksum = OptionChoices.CHECKSUMS.nameOf(ranges[2].get(word));
    text.append(" checksum=").append(checksum == null ? ranges[2].get(word) : checksum);
    text.append(inode(word, ranges[3]));
    optional(text, word, " background_compression=", ranges[4], ranges[5], OptionText::compression);
    optional(text, word, " background_target=", ranges[6], ranges[7], context::targetName);
    optional(text, word, " promote_target=", ranges[8], ranges[9], context::targetName);
    optional(text, word, " ec=", ranges[10], ranges[11], Integer::toString);
  }

  private static void optional(
      StringBuilder text,
      long word,
      String name,
      BitRange value,
      BitRange fromInode,
      java.util.function.IntFunction<String> toText) {
    if (value.isSet(word) || fromInode.isSet(word)) {
      text.append(name).append(toText.apply(value.getInt(word))).append(inode(word, fromInode));
    }
  }

  private static String inode(long word, BitRange fromInode) {
    return fromInode.isSet(word) ? " (inode)" : "";
  }

  private void stripe(StringBuilder text, Bkey key) {
    StripeValue stripe = new StripeValue().of(key);
    text.append("algo ").append(stripe.algorithm());
    text.append(" sectors ").append(stripe.sectors());
    text.append(" blocks ").append(stripe.dataBlocks()).append(':').append(stripe.redundant());
    text.append(" csum ").append(stripe.checksumType());
    text.append(" gran ").append(1L << stripe.granularityBits());
    int label = stripe.diskLabel();
    text.append(" label=").append(label == 0 ? "(none)" : context.labelName(label - 1));
    text.append(stripe.needsReconcile() ? " needs_reconcile" : "");
    text.append(stripe.canWiden() == 0 ? "" : " can_widen=" + stripe.canWiden());
    for (int block = 0; block < stripe.blocks(); block++) {
      pointer(text.append(LINE), stripe.ptr(block));
      text.append('#').append(stripe.blockSectors(block));
    }
  }
}
