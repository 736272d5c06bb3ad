// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.format.value.AccountingType;

/**
 * The position of an accounting key, put together byte by byte without allocating; the order of
 * bytes is that of version 1.15 and later. Reusable.
 */
public final class PackedAccounting {
  /** First field of the position. */
  public long inode;

  /** Second field. */
  public long offset;

  /** Third field. */
  public int snapshot;

  /** Begins anew: the first byte is the type. */
  public PackedAccounting of(AccountingType type) {
    inode = (long) type.number() << 56;
    offset = 0;
    snapshot = 0;
    return this;
  }

  /** One of the 19 bytes after the type. */
  public PackedAccounting put(int index, int value) {
    int at = index + 1;
    long bits = value & 0xffL;
    if (at < 8) {
      inode |= bits << (56 - 8 * at);
    } else if (at < 16) {
      offset |= bits << (56 - 8 * (at - 8));
    } else {
      snapshot |= (int) (bits << (24 - 8 * (at - 16)));
    }
    return this;
  }

  /** A number of so many bytes, least significant first. */
  public PackedAccounting putNumber(int index, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      put(index + i, (int) (value >>> (8 * i)));
    }
    return this;
  }
}
