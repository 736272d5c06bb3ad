// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
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

  /** With so much added to one that is stored. */
  public CountersSection plus(PersistentCounter counter, long amount) {
    MemorySegment sum = MemorySegment.ofArray(values.toArray());
    long at = (long) COUNTER_BYTES * counter.number();
    Le.putU64(sum, at, Le.u64(sum, at) + amount);
    return new CountersSection(Bytes.copyOf(sum, 0, sum.byteSize()));
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
