// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.util.List;
import org.jbcachefs.format.tables.InodeOption;

/**
 * The fields of an inode that are stored as varints, and how many bits each may have. Times have
 * 96: two varints, of which the second is always 0. Source: {@code BCH_INODE_FIELDS_v2}, {@code
 * BCH_INODE_FIELDS_v3}.
 */
public enum InodeField {
  ATIME(0, 96),
  CTIME(1, 96),
  MTIME(2, 96),
  OTIME(3, 96),
  UID(4, 32),
  GID(5, 32),
  NLINK(6, 32),
  GENERATION(7, 32),
  DEV(8, 32),
  DATA_CHECKSUM(9, 8),
  COMPRESSION(10, 8),
  PROJECT(11, 32),
  BACKGROUND_COMPRESSION(12, 8),
  DATA_REPLICAS(13, 8),
  PROMOTE_TARGET(14, 16),
  FOREGROUND_TARGET(15, 16),
  BACKGROUND_TARGET(16, 16),
  ERASURE_CODE(17, 16),
  FIELDS_SET(18, 16),
  DIR(19, 64),
  DIR_OFFSET(20, 64),
  SUBVOL(21, 32),
  PARENT_SUBVOL(22, 32),
  NOCOW(23, 8),
  DEPTH(24, 32),
  INODES_32BIT(25, 8),
  CASEFOLD(26, 8),
  UNUSED_EC_MAX_DATA_BLOCKS(27, 8),
  /** A varint in versions 1 and 2, a fixed field in version 3. */
  SIZE(28, 64),
  /** A varint in versions 1 and 2, a fixed field in version 3. */
  SECTORS(29, 64);

  /** In the order of inode_v3. */
  public static final List<InodeField> V3 = List.copyOf(List.of(values()).subList(0, SIZE.index));

  /** In the order of inode and inode_v2. */
  public static final List<InodeField> V2 =
      List.of(
          ATIME,
          CTIME,
          MTIME,
          OTIME,
          SIZE,
          SECTORS,
          UID,
          GID,
          NLINK,
          GENERATION,
          DEV,
          DATA_CHECKSUM,
          COMPRESSION,
          PROJECT,
          BACKGROUND_COMPRESSION,
          DATA_REPLICAS,
          PROMOTE_TARGET,
          FOREGROUND_TARGET,
          BACKGROUND_TARGET,
          ERASURE_CODE,
          FIELDS_SET,
          DIR,
          DIR_OFFSET,
          SUBVOL,
          PARENT_SUBVOL);

  static final int COUNT = values().length;

  private final int index;
  private final int bits;

  InodeField(int index, int bits) {
    this.index = index;
    this.bits = bits;
  }

  /** The field that an option is stored in. */
  public static InodeField of(InodeOption option) {
    return valueOf(option.name());
  }

  /** Width in bits; 96 for times. */
  public int bits() {
    return bits;
  }

  /** Where an array of all fields has this one. */
  int index() {
    return index;
  }

  /** Stored as two varints. */
  boolean isWide() {
    return bits > 64;
  }

  /** The format's own name, e.g. "bi_dir_offset". */
  @Override
  public String toString() {
    return "bi_" + name().toLowerCase(java.util.Locale.ROOT);
  }
}
