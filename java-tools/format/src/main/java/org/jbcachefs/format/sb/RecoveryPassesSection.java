// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * When each recovery pass last ran, by the passes' stable numbers. Source: {@code struct
 * bch_sb_field_recovery_passes}.
 *
 * @param tail bytes behind the last whole entry
 */
public record RecoveryPassesSection(List<Entry> entries, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_BYTES = 16;
  public static final int ENTRY_OFFSET_LAST_RUN = 0;
  public static final int ENTRY_OFFSET_LAST_RUNTIME = 8;
  public static final int ENTRY_OFFSET_FLAGS = 12;
  public static final BitRange NO_RATELIMIT = new BitRange(0, 1);

  /**
   * One pass.
   *
   * @param lastRun seconds since 1970; 0 if never
   * @param lastRuntime seconds it took, unsigned
   */
  public record Entry(long lastRun, int lastRuntime, int flags) {}

  public RecoveryPassesSection {
    entries = List.copyOf(entries);
  }

  static RecoveryPassesSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Entry> entries = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= ENTRY_BYTES; offset += ENTRY_BYTES) {
      entries.add(
          new Entry(
              in.u64(offset + ENTRY_OFFSET_LAST_RUN),
              in.u32(offset + ENTRY_OFFSET_LAST_RUNTIME),
              in.u32(offset + ENTRY_OFFSET_FLAGS)));
    }
    return new RecoveryPassesSection(entries, in.rest(offset));
  }

  @Override
  public int type() {
    return SectionType.RECOVERY_PASSES.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    entries.forEach(entry -> out.u64(entry.lastRun).u32(entry.lastRuntime).u32(entry.flags));
    return out.bytes(tail).done();
  }
}
