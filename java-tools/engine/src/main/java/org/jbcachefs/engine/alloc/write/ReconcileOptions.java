// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Inode;

/**
 * What data is to be like in the end, whatever it was written as: the inode's options where it has
 * any, else the filesystem's. Source: {@code bch2_inode_opts_get_inode}, {@code
 * bch2_io_opts_fixups}.
 *
 * @param replicas copies, by durability
 * @param checksum number of the option's value
 * @param compression type and level, as the option stores them
 * @param target where data goes in the end; 0 for anywhere
 * @param nocow whether data is written in place: it has no checksum then
 * @param own one bit for each option that is the inode's, in the order of the stored bits
 */
public record ReconcileOptions(
    int replicas,
    int checksum,
    boolean erasureCode,
    int compression,
    int target,
    int promoteTarget,
    boolean nocow,
    int own) {
  private static final int CHECKSUMS = 4;
  private static final int COMPRESSION_TYPES = 4;
  private static final int COMPRESSION_TYPE_MASK = 0xf;

  /** A stripe survives the loss of no more than two devices. */
  private static final int STRIPED_REPLICAS_MOST = 3;

  /** The options that are stored, in the order of their bits. */
  private static final InodeOption[] STORED = {
    InodeOption.DATA_REPLICAS,
    InodeOption.DATA_CHECKSUM,
    InodeOption.ERASURE_CODE,
    InodeOption.BACKGROUND_COMPRESSION,
    InodeOption.BACKGROUND_TARGET,
    InodeOption.PROMOTE_TARGET
  };

  private static final BitRange[] STORED_OWN = {
    ExtentReconcile.DATA_REPLICAS_FROM_INODE,
    ExtentReconcile.DATA_CHECKSUM_FROM_INODE,
    ExtentReconcile.ERASURE_CODE_FROM_INODE,
    ExtentReconcile.BACKGROUND_COMPRESSION_FROM_INODE,
    ExtentReconcile.BACKGROUND_TARGET_FROM_INODE,
    ExtentReconcile.PROMOTE_TARGET_FROM_INODE
  };

  private static final BitRange[] STORED_VALUE = {
    ExtentReconcile.DATA_REPLICAS,
    ExtentReconcile.DATA_CHECKSUM,
    ExtentReconcile.ERASURE_CODE,
    ExtentReconcile.BACKGROUND_COMPRESSION,
    ExtentReconcile.BACKGROUND_TARGET,
    ExtentReconcile.PROMOTE_TARGET
  };

  /**
   * Of a file's data.
   *
   * @param inode null for data of nobody in particular
   */
  public static ReconcileOptions of(Inode inode, EffectiveOptions options) {
    long[] values = new long[STORED.length];
    int own = 0;
    for (int i = 0; i < values.length; i++) {
      long stored = inode == null ? 0 : inode.stored(STORED[i]);
      boolean usable = stored != 0 && isKnown(STORED[i], stored - 1);
      values[i] = usable ? stored - 1 : options.value(STORED[i].option());
      own |= usable ? 1 << i : 0;
    }
    return consistent(
        values,
        own,
        value(inode, options, InodeOption.FOREGROUND_TARGET),
        value(inode, options, InodeOption.COMPRESSION),
        value(inode, options, InodeOption.NOCOW) != 0);
  }

  /** How many copies are meant by a number that may be damaged: what a note of it can hold. */
  public static int replicas(long stored) {
    return (int) Math.max(1, stored & ExtentReconcile.DATA_REPLICAS.max());
  }

  /** Of btree nodes. */
  public static ReconcileOptions ofNodes(EffectiveOptions options) {
    long target = options.value(FilesystemOption.METADATA_TARGET);
    return new ReconcileOptions(
        (int) options.value(FilesystemOption.METADATA_REPLICAS),
        (int) options.value(FilesystemOption.METADATA_CHECKSUM),
        false,
        0,
        (int) (target != 0 ? target : options.value(FilesystemOption.FOREGROUND_TARGET)),
        (int) options.value(FilesystemOption.PROMOTE_TARGET),
        false,
        0);
  }

  /** Of shared data: what its note says of the inode that the data was first of; 0 for none. */
  public static ReconcileOptions ofShared(long stored, EffectiveOptions options) {
    ReconcileOptions general = of(null, options);
    long word = general.word();
    long[] values = new long[STORED.length];
    int own = 0;
    for (int i = 0; i < values.length; i++) {
      boolean isOwn = STORED_OWN[i].isSet(stored);
      values[i] = STORED_VALUE[i].get(isOwn ? stored : word);
      own |= isOwn ? 1 << i : 0;
    }
    return consistent(values, own, general.target, general.compression, general.nocow);
  }

  private static boolean isKnown(InodeOption option, long value) {
    return switch (option) {
      case DATA_CHECKSUM -> value < CHECKSUMS;
      case BACKGROUND_COMPRESSION -> (value & COMPRESSION_TYPE_MASK) < COMPRESSION_TYPES;
      default -> true;
    };
  }

  private static long value(Inode inode, EffectiveOptions options, InodeOption option) {
    long own = inode == null ? 0 : inode.stored(option);
    return own != 0 ? own - 1 : options.value(option.option());
  }

  private static ReconcileOptions consistent(
      long[] values, int own, long foreground, long compression, boolean nocow) {
    long wanted = Math.max(1, values[0]);
    boolean erasureCode = values[2] != 0 && wanted > 1 && !nocow;
    long replicas = erasureCode ? Math.min(wanted, STRIPED_REPLICAS_MOST) : wanted;
    return new ReconcileOptions(
        replicas(replicas),
        nocow ? 0 : (int) values[1],
        erasureCode,
        nocow ? 0 : (int) (values[3] != 0 ? values[3] : compression),
        (int) (values[4] != 0 ? values[4] : foreground),
        (int) values[5],
        nocow,
        own);
  }

  /** Type of the compression; 0 for none. */
  int compressionType() {
    return compression & COMPRESSION_TYPE_MASK;
  }

  /** The stored entry, with nothing to be done. */
  public long word() {
    long[] values = {replicas, checksum, erasureCode ? 1 : 0, compression, target, promoteTarget};
    long word = ExtentEntryType.RECONCILE.typeBit();
    for (int i = 0; i < values.length; i++) {
      word = STORED_VALUE[i].set(word, values[i] & STORED_VALUE[i].max());
      word = STORED_OWN[i].set(word, own >>> i & 1);
    }
    return word;
  }
}
