// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.JournalBuckets.Range;

/**
 * Where the journal of this device is: bucket by bucket in old superblocks, as ranges since. Every
 * device has its own. Source: {@code struct bch_sb_field_journal}, {@code struct
 * bch_sb_field_journal_v2}.
 *
 * @param type {@link SectionType#JOURNAL} or {@link SectionType#JOURNAL_V2}, by number
 * @param tail bytes behind the last whole range
 */
public record JournalSection(int type, JournalBuckets buckets, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int V1_ENTRY_BYTES = 8;
  public static final int V2_ENTRY_BYTES = 16;
  public static final int V2_ENTRY_OFFSET_START = 0;
  public static final int V2_ENTRY_OFFSET_NR = 8;

  /** Bucket 0 holds the superblock. */
  private static final int FIRST_POSSIBLE_BUCKET = 1;

  static JournalSection parse(RawSection section, Member member, Place place) {
    SectionReader in = new SectionReader(section, place);
    boolean v2 = in.type() == SectionType.JOURNAL_V2.number();
    int entryBytes = v2 ? V2_ENTRY_BYTES : V1_ENTRY_BYTES;
    List<Range> ranges = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= entryBytes; offset += entryBytes) {
      ranges.add(
          v2
              ? new Range(
                  in.u64(offset + V2_ENTRY_OFFSET_START), in.u64(offset + V2_ENTRY_OFFSET_NR))
              : new Range(in.u64(offset), 1));
    }
    check(ranges, member, in);
    return new JournalSection(in.type(), new JournalBuckets(ranges), in.rest(offset));
  }

  private static void check(List<Range> ranges, Member member, SectionReader in) {
    List<Range> sorted = new ArrayList<>(ranges);
    sorted.sort((a, b) -> Long.compareUnsigned(a.start(), b.start()));
    long free = Math.max(FIRST_POSSIBLE_BUCKET, member.firstBucket());
    for (Range range : sorted) {
      long last = range.start() + range.count() - 1;
      if (range.count() <= 0
          || Long.compareUnsigned(range.start(), free) < 0
          || Long.compareUnsigned(range.start(), last) > 0
          || Long.compareUnsigned(last, member.nbuckets()) >= 0) {
        throw in.invalid(
            "journal buckets "
                + Long.toUnsignedString(range.start())
                + "+"
                + Long.toUnsignedString(range.count())
                + " overlap others, or do not lie between "
                + member.firstBucket()
                + " and "
                + Long.toUnsignedString(member.nbuckets()));
      }
      free = range.end();
    }
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    for (Range range : buckets.ranges()) {
      out.u64(range.start());
      if (type == SectionType.JOURNAL_V2.number()) {
        out.u64(range.count());
      }
    }
    return out.bytes(tail).done();
  }
}
