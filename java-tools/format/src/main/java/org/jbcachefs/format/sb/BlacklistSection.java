// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Journal sequence numbers that were handed out but never became durable: whatever carries one does
 * not exist. Source: {@code struct bch_sb_field_journal_seq_blacklist}.
 *
 * @param tail bytes behind the last whole range
 */
public record BlacklistSection(List<Range> ranges, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_BYTES = 16;
  public static final int ENTRY_OFFSET_START = 0;
  public static final int ENTRY_OFFSET_END = 8;

  public static final BlacklistSection NONE = new BlacklistSection(List.of(), Bytes.EMPTY);

  /** Numbers from {@code start}, included, to {@code end}, excluded. */
  public record Range(long start, long end) {}

  public BlacklistSection {
    ranges = List.copyOf(ranges);
  }

  public boolean contains(long seq) {
    for (Range range : ranges) {
      if (Long.compareUnsigned(seq, range.start) >= 0 && Long.compareUnsigned(seq, range.end) < 0) {
        return true;
      }
    }
    return false;
  }

  static BlacklistSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Range> ranges = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= ENTRY_BYTES; offset += ENTRY_BYTES) {
      Range range =
          new Range(in.u64(offset + ENTRY_OFFSET_START), in.u64(offset + ENTRY_OFFSET_END));
      check(range, ranges, in);
      ranges.add(range);
    }
    return new BlacklistSection(ranges, in.rest(offset));
  }

  private static void check(Range range, List<Range> before, SectionReader in) {
    if (Long.compareUnsigned(range.start, range.end) >= 0) {
      throw in.invalid("range starts at " + range.start + " and ends at " + range.end);
    }
    if (!before.isEmpty() && Long.compareUnsigned(before.getLast().end, range.start) > 0) {
      throw in.invalid("range at " + range.start + " is not behind the one before it");
    }
  }

  @Override
  public int type() {
    return SectionType.JOURNAL_SEQ_BLACKLIST.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    ranges.forEach(range -> out.u64(range.start).u64(range.end));
    return out.bytes(tail).done();
  }
}
