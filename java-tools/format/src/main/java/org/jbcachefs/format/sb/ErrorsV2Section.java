// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Errors that were found, how often, and when first and last; of version 1.39. Both times have 40
 * bits; the last one's lie in both words of an entry. Source: {@code struct
 * bch_sb_field_error_entry_v2}.
 *
 * @param tail bytes behind the last whole entry
 */
public record ErrorsV2Section(List<Entry> entries, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_BYTES = 16;
  public static final BitRange ID = new BitRange(0, 16);
  public static final BitRange NR = new BitRange(16, 48);
  public static final BitRange LAST_LOW = new BitRange(48, 64);

  /** In the second word, as is the next. */
  public static final BitRange LAST_HIGH = new BitRange(0, 24);

  public static final BitRange FIRST = new BitRange(24, 64);

  /**
   * One kind of error.
   *
   * @param id number of the error
   * @param count how often it was found, at most 2^32 - 1
   * @param firstTime seconds since 1970
   * @param lastTime seconds since 1970
   */
  public record Entry(int id, long count, long firstTime, long lastTime) {
    /** The first of the two words that it is stored as. */
    public long firstWord() {
      long low = lastTime & LAST_LOW.max();
      return LAST_LOW.set(NR.set(ID.set(0, id), Math.min(count, NR.max())), low);
    }

    /** The second of the two words. */
    public long secondWord() {
      return FIRST.set(LAST_HIGH.set(0, lastTime >>> LAST_LOW.bits()), firstTime);
    }
  }

  public ErrorsV2Section {
    entries = List.copyOf(entries);
  }

  static ErrorsV2Section parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Entry> entries = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= ENTRY_BYTES; offset += ENTRY_BYTES) {
      Entry entry = decode(in.u64(offset), in.u64(offset + 8));
      if (entry.count == 0 || entry.firstTime > entry.lastTime) {
        throw in.invalid("error " + entry.id + " with a count of 0, or last seen before first");
      }
      if (!entries.isEmpty() && entries.getLast().id >= entry.id) {
        throw in.invalid("error " + entry.id + " is out of order");
      }
      entries.add(entry);
    }
    return new ErrorsV2Section(entries, in.rest(offset));
  }

  /** An entry from its two words. */
  public static Entry decode(long first, long second) {
    long lastTime = LAST_HIGH.get(second) << LAST_LOW.bits() | LAST_LOW.get(first);
    return new Entry(ID.getInt(first), NR.get(first), FIRST.get(second), lastTime);
  }

  @Override
  public int type() {
    return SectionType.ERRORS_V2.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    for (Entry entry : entries) {
      out.u64(entry.firstWord()).u64(entry.secondWord());
    }
    return out.bytes(tail).done();
  }
}
