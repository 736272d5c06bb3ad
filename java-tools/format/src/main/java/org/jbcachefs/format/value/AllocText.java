// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.tables.DataType;

/** Buckets' states as text: a line for each field. */
final class AllocText {
  private AllocText() {}

  static void append(StringBuilder text, AllocV4 alloc) {
    text.append("\n  gen ").append(alloc.generation());
    text.append(" oldest_gen ").append(alloc.oldestGeneration());
    text.append(" data_type ").append(DataType.nameOf(alloc.dataType()));
    line(text, "journal_seq_nonempty", alloc.journalSeqNonempty());
    if (alloc.bytes() > AllocV4.OFFSET_JOURNAL_SEQ_EMPTY) {
      line(text, "journal_seq_empty", alloc.journalSeqEmpty());
    }
    line(text, "need_discard", alloc.needDiscard() ? 1 : 0);
    line(text, "need_inc_gen", alloc.needIncGen() ? 1 : 0);
    line(text, "dirty_sectors", Integer.toUnsignedLong(alloc.dirtySectors()));
    if (alloc.bytes() > AllocV4.OFFSET_STRIPE_SECTORS) {
      line(text, "stripe_sectors", Integer.toUnsignedLong(alloc.stripeSectors()));
    }
    line(text, "cached_sectors", Integer.toUnsignedLong(alloc.cachedSectors()));
    line(text, "stripe_refcount", Integer.toUnsignedLong(alloc.stripeRefcount()));
    line(text, "io_time[READ]", alloc.readTime());
    line(text, "io_time[WRITE]", alloc.writeTime());
    line(text, "bp_start", alloc.backpointersStart());
  }

  private static void line(StringBuilder text, String name, long value) {
    text.append("\n  ").append(name);
    text.repeat(' ', Math.max(1, 21 - name.length())).append(Long.toUnsignedString(value));
  }
}
