// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What the filesystem has counted since it was made, by the counters' numbers. Source: {@code
 * struct bch_sb_field_counters}.
 *
 * @param values 8 bytes each
 */
public record CountersSection(Bytes values) implements Section {
  public static final int OFFSET_COUNTERS = 8;
  public static final int COUNTER_BYTES = 8;

  static CountersSection parse(RawSection section) {
    return new CountersSection(section.payload());
  }

  /** Number of counters that are stored. */
  public int count() {
    return values.length() / COUNTER_BYTES;
  }

  /** A counter's value, unsigned; empty if this superblock has not got it. */
  public OptionalLong value(PersistentCounter counter) {
    return counter.number() < count()
        ? OptionalLong.of(values.u64(COUNTER_BYTES * counter.number()))
        : OptionalLong.empty();
  }

  /** With so much added to each counter that is stored; of others it is not asked. */
  public CountersSection plus(ToLongFunction<PersistentCounter> amounts) {
    MemorySegment sums = MemorySegment.ofArray(values.toArray());
    for (PersistentCounter counter : PersistentCounter.values()) {
      if (counter.number() < count()) {
        long at = (long) COUNTER_BYTES * counter.number();
        Le.putU64(sums, at, Le.u64(sums, at) + amounts.applyAsLong(counter));
      }
    }
    return new CountersSection(Bytes.copyOf(sums, 0, sums.byteSize()));
  }

  @Override
  public int type() {
    return SectionType.COUNTERS.number();
  }

  @Override
  public Bytes encode() {
    return values;
  }
}
