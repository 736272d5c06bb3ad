// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.util.EnumSet;
import java.util.Set;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeCursor;
import org.jbcachefs.format.value.InodeField;

/**
 * What keys of files tell: features that they make use of, the largest extent, the newest time, how
 * data is kept.
 */
final class DataEvidence {
  private final Set<Feature> features = EnumSet.noneOf(Feature.class);
  private final ExtentEntries entries = new ExtentEntries();
  private final StripeValue stripe = new StripeValue();
  private int copies = 1;
  private long codedSectors;
  private long plainSectors;
  private int largestExtent;
  private long newestTime;

  DataEvidence(Btrees btrees) {
    look(btrees, BtreeId.EXTENTS);
    look(btrees, BtreeId.REFLINK);
    look(btrees, BtreeId.STRIPES);
    look(btrees, BtreeId.INODES);
  }

  private void look(Btrees btrees, BtreeId btree) {
    if (!btrees.present().contains(btree.number())) {
      return;
    }
    InodeCursor inode = new InodeCursor();
    try (KeyIterator keys = btrees.iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (Inode.is(keys.key())) {
          noteInode(keys.key(), inode);
        } else {
          noteExtent(keys.key());
        }
      }
    } catch (CorruptionException _) {
      // What was seen so far is better than nothing; fsck meets the damage again.
    }
  }

  private void noteInode(Bkey key, InodeCursor inode) {
    try {
      inode.of(key);
    } catch (CorruptionException _) {
      return;
    }
    newestTime = Math.max(newestTime, inode.get(InodeField.CTIME));
    if (inode.get(InodeField.CASEFOLD) != 0) {
      features.add(Feature.CASEFOLDING);
    }
  }

  private void noteExtent(Bkey key) {
    int type = key.type();
    if (type == KeyType.REFLINK_V.number() || type == KeyType.INDIRECT_INLINE_DATA.number()) {
      features.add(Feature.REFLINK);
    }
    if (type == KeyType.STRIPE.number()) {
      features.add(Feature.EC);
      copies = Math.max(copies, 1 + stripe.of(key).redundant());
      return;
    }
    int pointers = 0;
    boolean coded = false;
    entries.of(key, ExtentEntrySizes.KNOWN);
    while (entries.nextPtr()) {
      pointers += entries.cached() ? 0 : 1;
      coded |= entries.hasStripe();
      largestExtent =
          Math.max(largestExtent, entries.hasCrc() ? entries.crc().uncompressedSectors() : 0);
      noteCompression(entries.crc().compressionType());
    }
    copies = Math.max(copies, pointers);
    if (coded) {
      codedSectors += Integer.toUnsignedLong(key.size());
    } else if (pointers > 0) {
      plainSectors += Integer.toUnsignedLong(key.size());
    }
  }

  private void noteCompression(int number) {
    switch (CompressionType.of(number)) {
      case LZ4, LZ4_OLD -> features.add(Feature.LZ4);
      case GZIP -> features.add(Feature.GZIP);
      case ZSTD -> features.add(Feature.ZSTD);
      case null, default -> {}
    }
  }

  Set<Feature> features() {
    return features;
  }

  /** The most copies that any extent has; redundant blocks of its stripe count as copies. */
  int copies() {
    return copies;
  }

  /** Whether more of the data is erasure coded than not. */
  boolean mostIsCoded() {
    return codedSectors > plainSectors;
  }

  /** Sectors of the largest extent with a checksum, before it was compressed. */
  int largestExtent() {
    return largestExtent;
  }

  /** The newest change of any inode, in the filesystem's own nanoseconds; 0 if there is none. */
  long newestTime() {
    return newestTime;
  }
}
