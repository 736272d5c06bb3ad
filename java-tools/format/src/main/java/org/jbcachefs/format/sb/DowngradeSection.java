// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * What an older implementation must check when it takes over. Entries are aligned to 2 bytes only;
 * one that does not fit any more is no entry, nor is one for another major version, and what is
 * behind it: kernels refuse such a superblock, but all of it follows from the version. Source:
 * {@code struct bch_sb_field_downgrade}.
 *
 * @param tail bytes behind the last whole entry
 */
public record DowngradeSection(List<Entry> entries, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_OFFSET_VERSION = 0;
  public static final int ENTRY_OFFSET_RECOVERY_PASSES = 2;
  public static final int ENTRY_OFFSET_NR_ERRORS = 18;
  public static final int ENTRY_OFFSET_ERRORS = 20;

  /**
   * For implementations older than a version.
   *
   * @param version number of the version
   * @param recoveryPasses stable numbers of passes, as bits
   * @param morePasses second word of them, unused
   * @param errors numbers of errors to repair in silence
   */
  public record Entry(int version, long recoveryPasses, long morePasses, List<Integer> errors) {
    public Entry {
      errors = List.copyOf(errors);
    }
  }

  public DowngradeSection {
    entries = List.copyOf(entries);
  }

  /** Whether there is something that is no entry where one could be. */
  public boolean isDamaged() {
    return tail.length() >= ENTRY_OFFSET_ERRORS;
  }

  /** {@code version} is the superblock's. */
  static DowngradeSection parse(RawSection section, int version, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Entry> entries = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    while (in.end() - offset >= ENTRY_OFFSET_ERRORS) {
      int end = offset + ENTRY_OFFSET_ERRORS + 2 * in.u16(offset + ENTRY_OFFSET_NR_ERRORS);
      Entry entry = decode(in, offset, Math.min(end, in.end() & ~1));
      boolean sameMajor = MetadataVersion.major(entry.version) == MetadataVersion.major(version);
      if (end > in.end() || !sameMajor) {
        break;
      }
      entries.add(entry);
      offset = end;
    }
    return new DowngradeSection(entries, in.rest(offset));
  }

  private static Entry decode(SectionReader in, int offset, int end) {
    List<Integer> errors = new ArrayList<>();
    for (int at = offset + ENTRY_OFFSET_ERRORS; at < end; at += 2) {
      errors.add(in.u16(at));
    }
    return new Entry(
        in.u16(offset + ENTRY_OFFSET_VERSION),
        in.u64(offset + ENTRY_OFFSET_RECOVERY_PASSES),
        in.u64(offset + ENTRY_OFFSET_RECOVERY_PASSES + 8),
        errors);
  }

  @Override
  public int type() {
    return SectionType.DOWNGRADE.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    for (Entry entry : entries) {
      out.u16(entry.version).u64(entry.recoveryPasses).u64(entry.morePasses);
      out.u16(entry.errors.size());
      entry.errors.forEach(out::u16);
    }
    return out.bytes(tail).done();
  }
}
