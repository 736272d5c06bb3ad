// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.function.Predicate;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.tables.FsckError;

/**
 * The format's name for what went wrong when an extent was read: by its checksum, or because a
 * device said so, and whether another copy stood in; of what cannot be decompressed the type of
 * compression.
 */
final class ReadFailure {
  private ReadFailure() {}

  /**
   * Names it.
   *
   * @param read whether some copy was good
   * @param counts whether a copy failed in a way that is news
   * @return null if nothing did
   */
  static FsckError of(Replicas replicas, boolean read, Predicate<Replicas.Replica> counts) {
    Replicas.Replica first = null;
    boolean checksum = false;
    for (int i = 0; i < replicas.size(); i++) {
      Replicas.Replica replica = replicas.get(i);
      if (counts.test(replica)) {
        first = first == null ? replica : first;
        checksum |= is(replica, "data_checksum_error");
      }
    }
    if (first == null) {
      return null;
    }
    if (read) {
      return is(first, "data_checksum_error")
          ? FsckError.DATA_READ_CSUM_ERR_RECOVERED
          : FsckError.DATA_READ_IO_ERR_RECOVERED;
    }
    if (checksum) {
      return FsckError.DATA_READ_CSUM_ERR;
    }
    return is(first, "compression_error") ? decompression(first.crc) : FsckError.DATA_READ_IO_ERR;
  }

  private static boolean is(Replicas.Replica replica, String error) {
    return replica.failure instanceof CorruptionException corruption
        && corruption.errorName().equals(error);
  }

  private static FsckError decompression(ExtentCrc crc) {
    return switch (CompressionType.of(crc.compressionType())) {
      case LZ4_OLD -> FsckError.DATA_DECOMPRESS_ERR_LZ4_OLD;
      case LZ4 -> FsckError.DATA_DECOMPRESS_ERR_LZ4;
      case GZIP -> FsckError.DATA_DECOMPRESS_ERR_GZIP;
      case ZSTD -> FsckError.DATA_DECOMPRESS_ERR_ZSTD_UNKNOWN;
      case null, default -> FsckError.DATA_DECOMPRESS_ERR_UNKNOWN;
    };
  }
}
