// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.util.List;
import org.jbcachefs.engine.alloc.write.ReconcileOptions;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Inode;

/**
 * How the data of a file is written: the inode's options where it has any, else the filesystem's.
 *
 * @param checksum of data; a MAC says that it is encrypted
 * @param compression NONE if it is not to be compressed
 * @param level of compression, 0 for the codec's default
 * @param replicas copies, each on another device
 * @param target where they go if there is room, as a number; 0 for anywhere
 * @param encodedSectors the largest extent that is checksummed or compressed as one
 * @param inlineBytes the largest piece of data that is kept in its key
 */
public record DataOptions(
    ChecksumType checksum,
    CompressionType compression,
    int level,
    int replicas,
    int target,
    int encodedSectors,
    int inlineBytes) {
  private static final int INLINE_MOST = 1024;
  private static final int TYPE_MASK = 0xf;
  private static final int LEVEL_SHIFT = 4;
  private static final ChecksumType[] CHECKSUMS = {
    ChecksumType.NONE, ChecksumType.CRC32C, ChecksumType.CRC64, ChecksumType.XXHASH
  };
  private static final CompressionType[] COMPRESSIONS = {
    CompressionType.NONE, CompressionType.LZ4, CompressionType.GZIP, CompressionType.ZSTD
  };

  /**
   * Of that file. With {@code nocow} data is neither checksummed nor compressed nor encrypted,
   * whatever other options say; source: {@code bch2_io_opts_fixups}.
   */
  public static DataOptions of(Inode inode, EffectiveOptions options) {
    Superblock superblock = options.superblock();
    boolean plain = value(inode, options, InodeOption.NOCOW) != 0;
    int compression = plain ? 0 : (int) value(inode, options, InodeOption.COMPRESSION);
    int type = compression & TYPE_MASK;
    return new DataOptions(
        plain ? ChecksumType.NONE : checksum(inode, options),
        type < COMPRESSIONS.length ? COMPRESSIONS[type] : CompressionType.NONE,
        compression >>> LEVEL_SHIFT,
        ReconcileOptions.replicas(value(inode, options, InodeOption.DATA_REPLICAS)),
        (int) value(inode, options, InodeOption.FOREGROUND_TARGET),
        (int) (superblock.option(FilesystemOption.ENCODED_EXTENT_MAX).orElse(64 << 10) >> 9),
        Math.min(superblock.blockBytes() / 2, INLINE_MOST));
  }

  /** Whether data of that file is overwritten in place where it can be. */
  public static boolean isInPlace(Inode inode, EffectiveOptions options) {
    return value(inode, options, InodeOption.NOCOW) != 0;
  }

  /** Where cached copies of what is read of that file go, as a number; 0 for nowhere. */
  public static int promoteTarget(Inode inode, EffectiveOptions options) {
    return (int) value(inode, options, InodeOption.PROMOTE_TARGET);
  }

  /**
   * What data is to be like in the end, once it is moved: compressed and placed as options for the
   * background say. Source: {@code bch2_io_opts_fixups}.
   */
  public static DataOptions ofMoved(ReconcileOptions wanted, EffectiveOptions options) {
    int type = wanted.compression() & TYPE_MASK;
    ChecksumType checksum = CHECKSUMS[Math.min(wanted.checksum(), CHECKSUMS.length - 1)];
    if (wanted.nocow()) {
      checksum = ChecksumType.NONE;
    } else if (options.superblock().encrypted()) {
      checksum = mac(options);
    }
    return new DataOptions(
        checksum,
        type < COMPRESSIONS.length ? COMPRESSIONS[type] : CompressionType.NONE,
        wanted.compression() >>> LEVEL_SHIFT,
        wanted.replicas(),
        wanted.target(),
        (int) (options.value(FilesystemOption.ENCODED_EXTENT_MAX) >> 9),
        0);
  }

  /** The same without compression; data that did not become smaller by it says so. */
  public DataOptions withCompression(CompressionType other) {
    return new DataOptions(checksum, other, level, replicas, target, encodedSectors, inlineBytes);
  }

  /** The same with neither checksum nor compression. */
  public DataOptions plain() {
    return new DataOptions(
        ChecksumType.NONE, CompressionType.NONE, 0, replicas, target, encodedSectors, inlineBytes);
  }

  /** What the superblock must name before such data is written. */
  public List<Feature> features() {
    return switch (compression) {
      case LZ4 -> List.of(Feature.LZ4, Feature.INCOMPRESSIBLE);
      case GZIP -> List.of(Feature.GZIP, Feature.INCOMPRESSIBLE);
      case ZSTD -> List.of(Feature.ZSTD, Feature.INCOMPRESSIBLE);
      case INCOMPRESSIBLE -> List.of(Feature.INCOMPRESSIBLE);
      case NONE, LZ4_OLD -> List.of();
    };
  }

  private static ChecksumType mac(EffectiveOptions options) {
    return options.value(FilesystemOption.WIDE_MACS) != 0
        ? ChecksumType.CHACHA20_POLY1305_128
        : ChecksumType.CHACHA20_POLY1305_80;
  }

  private static ChecksumType checksum(Inode inode, EffectiveOptions options) {
    if (options.superblock().encrypted()) {
      return mac(options);
    }
    long option = value(inode, options, InodeOption.DATA_CHECKSUM);
    return option < CHECKSUMS.length ? CHECKSUMS[(int) option] : ChecksumType.CRC32C;
  }

  private static long value(Inode inode, EffectiveOptions options, InodeOption option) {
    long own = inode.stored(option);
    return own != 0 ? own - 1 : options.value(option.option());
  }

  /** Whether an extent must be read as a whole, and so must not be too large. */
  public boolean isEncoded() {
    return checksum != ChecksumType.NONE || compression != CompressionType.NONE;
  }
}
