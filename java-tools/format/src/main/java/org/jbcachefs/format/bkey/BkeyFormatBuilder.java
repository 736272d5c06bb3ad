// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import java.util.Arrays;

/**
 * Finds the narrowest format that holds a set of keys and every position between them. Spare bits
 * of the last word go to making fields whole bytes, which read faster. Not thread-safe.
 */
public final class BkeyFormatBuilder {
  private static final int[] WIDEST = {64, 64, 32, 32, 32, 64};

  private final long[] least = new long[BkeyFormat.FIELDS];
  private final long[] most = new long[BkeyFormat.FIELDS];

  public BkeyFormatBuilder() {
    Arrays.fill(least, -1);
  }

  /** The format must hold this key's header. */
  public BkeyFormatBuilder add(Bkey key) {
    addPosition(key.inode(), key.offset(), key.snapshot());
    cover(BkeyFormat.FIELD_SIZE, Integer.toUnsignedLong(key.size()));
    cover(BkeyFormat.FIELD_VERSION_HI, Integer.toUnsignedLong(key.versionHi()));
    cover(BkeyFormat.FIELD_VERSION_LO, key.versionLo());
    return this;
  }

  /** The format must hold a key at this position, of size and version 0. */
  public BkeyFormatBuilder add(Bpos pos) {
    addPosition(pos.inode(), pos.offset(), pos.snapshot());
    cover(BkeyFormat.FIELD_SIZE, 0);
    cover(BkeyFormat.FIELD_VERSION_HI, 0);
    cover(BkeyFormat.FIELD_VERSION_LO, 0);
    return this;
  }

  private void addPosition(long inode, long offset, int snapshot) {
    cover(BkeyFormat.FIELD_INODE, inode);
    cover(BkeyFormat.FIELD_OFFSET, offset);
    cover(BkeyFormat.FIELD_SNAPSHOT, Integer.toUnsignedLong(snapshot));
  }

  private void cover(int field, long value) {
    if (Long.compareUnsigned(value, least[field]) < 0) {
      least[field] = value;
    }
    if (Long.compareUnsigned(value, most[field]) > 0) {
      most[field] = value;
    }
  }

  /** The format; one without any bits if nothing was added. */
  public BkeyFormat build() {
    int[] bits = new int[BkeyFormat.FIELDS];
    int total = BkeyFormat.HEADER_BITS;
    for (int field = 0; field < BkeyFormat.FIELDS; field++) {
      boolean empty = Long.compareUnsigned(least[field], most[field]) > 0;
      bits[field] = empty ? 0 : 64 - Long.numberOfLeadingZeros(most[field] - least[field]);
      total += bits[field];
    }
    int spare = (total + 63) / 64 * 64 - total;
    for (int field = 0; field < BkeyFormat.FIELDS; field++) {
      int whole = (bits[field] + 7) / 8 * 8;
      if (whole - bits[field] <= spare) {
        spare -= whole - bits[field];
        bits[field] = whole;
      }
    }
    return BkeyFormat.of(bits, offsetsFor(bits));
  }

  // An offset may be lowered, never raised: the widened field must not overflow its unpacked form.
  private long[] offsetsFor(int[] bits) {
    long[] offsets = new long[BkeyFormat.FIELDS];
    for (int field = 0; field < BkeyFormat.FIELDS; field++) {
      long room = maxOf(WIDEST[field]) - maxOf(bits[field]);
      long wanted = Long.compareUnsigned(least[field], most[field]) > 0 ? 0 : least[field];
      offsets[field] = Long.compareUnsigned(wanted, room) < 0 ? wanted : room;
    }
    return offsets;
  }

  private static long maxOf(int bits) {
    return bits == 0 ? 0 : -1L >>> (64 - bits);
  }
}
