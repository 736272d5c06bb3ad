// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import java.util.Arrays;
import java.util.Locale;

/**
 * The options that an inode can have of its own, in the order of their bits. In an inode they are
 * stored plus one, so that 0 means "inherited". Source: {@code BCH_INODE_OPTS}.
 */
public enum InodeOption {
  DATA_CHECKSUM(0, 8),
  COMPRESSION(1, 8),
  PROJECT(2, 32),
  BACKGROUND_COMPRESSION(3, 8),
  DATA_REPLICAS(4, 8),
  PROMOTE_TARGET(5, 16),
  FOREGROUND_TARGET(6, 16),
  BACKGROUND_TARGET(7, 16),
  ERASURE_CODE(8, 16),
  NOCOW(9, 8),
  INODES_32BIT(10, 8),
  CASEFOLD(11, 8);

  /** By number, which is the place in the list. */
  private static final FilesystemOption[] OPTIONS =
      Arrays.stream(values())
          .map(option -> FilesystemOption.of(option.toString()))
          .toArray(FilesystemOption[]::new);

  private final int number;
  private final int bits;

  InodeOption(int number, int bits) {
    this.number = number;
    this.bits = bits;
  }

  /** Width of the field in an inode. */
  public int bits() {
    return bits;
  }

  /** The bit that stands for it, and its place in the list. */
  public int number() {
    return number;
  }

  /** The filesystem-wide option of the same name. */
  public FilesystemOption option() {
    return OPTIONS[number];
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
