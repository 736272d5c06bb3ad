// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Written at a clean shutdown, so that the journal need not be read: btree roots, clocks and usage.
 * Source: {@code struct bch_sb_field_clean}.
 *
 * @param readClock no longer used
 * @param writeClock no longer used
 * @param journalSeq the last sequence number that the journal used
 * @param entries journal entries one after another, padded with zeros
 */
public record CleanSection(int flags, int readClock, int writeClock, long journalSeq, Bytes entries)
    implements Section {
  public static final int OFFSET_FLAGS = 8;
  public static final int OFFSET_READ_CLOCK = 12;
  public static final int OFFSET_WRITE_CLOCK = 14;
  public static final int OFFSET_JOURNAL_SEQ = 16;
  public static final int OFFSET_ENTRIES = 24;

  /** Header of a journal entry, and the field in it that gives the entry's size. */
  private static final int ENTRY_HEADER_BYTES = 8;

  static CleanSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    in.requireBytes(OFFSET_ENTRIES);
    for (int offset = OFFSET_ENTRIES; offset < in.end(); ) {
      int next = offset + ENTRY_HEADER_BYTES + 8 * in.u16(offset);
      if (next > in.end()) {
        throw in.invalid("entry at byte " + offset + " ends at byte " + next + " of " + in.end());
      }
      offset = next;
    }
    return new CleanSection(
        in.u32(OFFSET_FLAGS),
        in.u16(OFFSET_READ_CLOCK),
        in.u16(OFFSET_WRITE_CLOCK),
        in.u64(OFFSET_JOURNAL_SEQ),
        in.rest(OFFSET_ENTRIES));
  }

  @Override
  public int type() {
    return SectionType.CLEAN.number();
  }

  @Override
  public Bytes encode() {
    return new SectionWriter()
        .u32(flags)
        .u16(readClock)
        .u16(writeClock)
        .u64(journalSeq)
        .bytes(entries)
        .done();
  }
}
