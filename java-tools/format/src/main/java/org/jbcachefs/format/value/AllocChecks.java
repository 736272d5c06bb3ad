// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.tables.DataType;

/** What must hold of a bucket's state by itself. */
final class AllocChecks {
  private static final int WORDS_V0 = AllocV4.BYTES_V0 / Long.BYTES;
  private static final long LRU_TIME_MAX = (1L << 48) - 1;

  /** A generation that is this far ahead of the oldest one must wait. */
  private static final int GC_GEN_MAX = 96;

  private AllocChecks() {}

  static Problem check(Bkey key) {
    AllocV4 alloc = AllocV4.decode(key);
    int start = alloc.backpointersStart();
    int backpointers = AllocV4.FLAG_NR_BACKPOINTERS.getInt(alloc.flags());
    int words = (start == 0 ? WORDS_V0 : start) + backpointers * (Backpointer.BYTES / Long.BYTES);
    if (words > key.valueBytes() / Long.BYTES) {
      return new Problem("alloc_v4_val_size_bad", "bad val size (" + words + " words are said)");
    }
    if (start == 0 && backpointers != 0) {
      return new Problem("alloc_v4_backpointers_start_bad", "invalid backpointers_start");
    }
    int stripeSectors =
        start * Long.BYTES > AllocV4.OFFSET_STRIPE_SECTORS ? alloc.stripeSectors() : 0;
    int expected = dataType(alloc);
    if (expected != alloc.dataType()) {
      return new Problem(
          "alloc_key_data_type_bad",
          "invalid data type (got " + alloc.dataType() + " should be " + expected + ")");
    }
    if (isBeyond(alloc.readTime()) || isBeyond(alloc.writeTime())) {
      return new Problem("alloc_key_io_time_bad", "invalid io_time");
    }
    return contents(alloc, stripeSectors);
  }

  private static boolean isBeyond(long time) {
    return Long.compareUnsigned(time, LRU_TIME_MAX) > 0;
  }

  private static Problem contents(AllocV4 alloc, int stripeSectors) {
    boolean stripe = stripeSectors != 0;
    boolean dirty = alloc.dirtySectors() != 0;
    boolean cached = alloc.cachedSectors() != 0;
    boolean referred = alloc.stripeRefcount() != 0;
    return switch (DataType.of(alloc.dataType())) {
      case FREE, NEED_GC_GENS, NEED_DISCARD ->
          ValueChecks.expect(
              !stripe && !dirty && !cached && !referred,
              "alloc_key_empty_but_have_data",
              "empty data type but have data");
      case SB, JOURNAL, BTREE, USER, PARITY ->
          ValueChecks.expect(
              dirty || stripe,
              "alloc_key_dirty_sectors_0",
              "data_type " + DataType.nameOf(alloc.dataType()) + " but dirty_sectors==0");
      case CACHED ->
          ValueChecks.expect(
              cached && !dirty && !stripe && !referred,
              "alloc_key_cached_inconsistency",
              "data type inconsistency");
      case null, default -> null;
    };
  }

  /** The data type that follows from the counts. Source: {@code alloc_data_type}. */
  private static int dataType(AllocV4 alloc) {
    int type = alloc.dataType();
    if (alloc.stripeRefcount() != 0) {
      return type == DataType.PARITY.number() ? type : DataType.STRIPE.number();
    }
    if (alloc.dirtySectors() != 0 || alloc.stripeSectors() != 0) {
      boolean asUser = type == DataType.CACHED.number() || type == DataType.STRIPE.number();
      return asUser ? DataType.USER.number() : type;
    }
    if (alloc.cachedSectors() != 0) {
      return DataType.CACHED.number();
    }
    if (type == DataType.NEED_DISCARD.number()) {
      return type;
    }
    int age = (alloc.generation() - alloc.oldestGeneration()) & 0xff;
    return (age >= GC_GEN_MAX ? DataType.NEED_GC_GENS : DataType.FREE).number();
  }
}
