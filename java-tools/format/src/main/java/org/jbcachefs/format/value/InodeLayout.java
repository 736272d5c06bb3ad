// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bytes.BitRange;

/**
 * Where inodes of each version have their fields. Sources: {@code struct bch_inode}, {@code
 * bch_inode_v2}, {@code bch_inode_v3}.
 *
 * <pre>
 *   v1  hash_seed u64, flags u32, mode u16, fields        (old kernels: another kind of varint)
 *   v2  journal_seq u64, hash_seed u64, flags u64, mode u16, fields
 *   v3  journal_seq u64, hash_seed u64, flags u64, sectors u64, size u64, version u64, fields
 * </pre>
 *
 * <p>The word of flags also holds the hash type, the number of fields and, in version 3, where they
 * start (in words) and the mode.
 */
public final class InodeLayout {
  public static final int V1_HASH_SEED = 0;
  public static final int V1_FLAGS = 8;
  public static final int V1_MODE = 12;
  public static final int V1_FIELDS = 14;
  public static final int V1_BYTES = 16;
  public static final BitRange V1_NR_FIELDS = new BitRange(24, 31);
  public static final BitRange V1_NEW_VARINT = new BitRange(31, 32);

  public static final int V2_JOURNAL_SEQ = 0;
  public static final int V2_HASH_SEED = 8;
  public static final int V2_FLAGS = 16;
  public static final int V2_MODE = 24;
  public static final int V2_FIELDS = 26;
  public static final int V2_BYTES = 32;
  public static final BitRange V2_NR_FIELDS = new BitRange(24, 31);

  public static final int V3_JOURNAL_SEQ = 0;
  public static final int V3_HASH_SEED = 8;
  public static final int V3_FLAGS = 16;
  public static final int V3_SECTORS = 24;
  public static final int V3_SIZE = 32;
  public static final int V3_VERSION = 40;
  public static final int V3_FIELDS = 48;
  public static final int V3_BYTES = 48;
  public static final BitRange V3_NR_FIELDS = new BitRange(24, 31);
  public static final BitRange V3_FIELDS_START = new BitRange(31, 36);
  public static final BitRange V3_MODE = new BitRange(36, 52);

  private InodeLayout() {}
}
