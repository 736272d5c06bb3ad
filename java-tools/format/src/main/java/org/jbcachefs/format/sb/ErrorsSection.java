// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Errors that were found, and how often, by number. Source: {@code struct bch_sb_field_errors}.
 *
 * @param tail bytes behind the last whole entry
 */
public record ErrorsSection(List<Entry> entries, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_BYTES = 16;
  public static final int ENTRY_OFFSET_V = 0;
  public static final int ENTRY_OFFSET_LAST_ERROR_TIME = 8;
  public static final BitRange ID = new BitRange(0, 16);
  public static final BitRange NR = new BitRange(16, 64);

  /**
   * One kind of error.
   *
   * @param id number of the error
   * @param count how often it was found
   * @param lastTime seconds since 1970
   */
  public record Entry(int id, long count, long lastTime) {}

  public ErrorsSection {
    entries = List.copyOf(entries);
  }

  static ErrorsSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Entry> entries = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= ENTRY_BYTES; offset += ENTRY_BYTES) {
      long word = in.u64(offset + ENTRY_OFFSET_V);
      Entry entry =
          new Entry(ID.getInt(word), NR.get(word), in.u64(offset + ENTRY_OFFSET_LAST_ERROR_TIME));
      if (entry.count == 0) {
        throw in.invalid("error " + entry.id + " with a count of 0");
      }
      if (!entries.isEmpty() && entries.getLast().id >= entry.id) {
        throw in.invalid("error " + entry.id + " is out of order");
      }
      entries.add(entry);
    }
    return new ErrorsSection(entries, in.rest(offset));
  }

  @Override
  public int type() {
    return SectionType.ERRORS.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    entries.forEach(entry -> out.u64(NR.set(ID.set(0, entry.id), entry.count)).u64(entry.lastTime));
    return out.bytes(tail).done();
  }
}
