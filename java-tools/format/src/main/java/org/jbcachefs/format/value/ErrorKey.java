// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * File data that is lost; reading it is an I/O error. Source: {@code struct bch_error}.
 *
 * @param reason why, as a number; see {@link #reasonName}
 */
public record ErrorKey(int reason, Shape shape) implements Value {
  public static final int BYTES = 1;
  public static final int OFFSET_REASON = 0;

  public static ErrorKey decode(Bkey key) {
    return new ErrorKey(Shape.u8(key, OFFSET_REASON), Shape.of(key));
  }

  private static final String[] REASONS = {
    "unknown",
    "device_removed",
    "double_allocation",
    "no_valid_pointers_repair",
    // Since 1.39, as all that follow.
    "decompress_exceeded_max_encoded_extent",
    "decompress_lz4_old",
    "decompress_lz4",
    "decompress_gzip",
    "decompress_gzip_size_mismatch",
    "decompress_zstd_src_len_bad",
    "decompress_zstd_size_mismatch",
    "decompress_zstd_corruption_detected",
    "decompress_zstd_checksum_wrong",
    "decompress_zstd_prefix_unknown",
    "decompress_zstd_src_size_wrong",
    "decompress_zstd_dst_size_too_small",
    "decompress_zstd_memory_allocation",
    "decompress_zstd_unknown",
    "decompress_unknown"
  };

  /** The format's own name of the reason. */
  public String reasonName() {
    return reason < REASONS.length
        ? REASONS[reason]
        : "(unknown key_type_error_reason " + reason + ")";
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU8(out, at, OFFSET_REASON, reason);
  }
}
