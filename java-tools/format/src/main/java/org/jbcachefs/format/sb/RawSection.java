// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;

/**
 * A section as it lies in the superblock. Source: {@code struct bch_sb_field}.
 *
 * @param type number of the section's type; {@link SectionType} knows some
 * @param payload what follows the section's header
 */
public record RawSection(int type, Bytes payload) implements Section {
  public static final int HEADER_BYTES = 8;
  public static final int OFFSET_U64S = 0;
  public static final int OFFSET_TYPE = 4;

  /** Bytes it takes in the superblock, its header included. */
  public int totalBytes() {
    return HEADER_BYTES + payload.length();
  }

  /** Name of the type, or "(unknown field 40)". */
  public String name() {
    SectionType known = SectionType.of(type);
    return known == null ? "(unknown field " + type + ")" : known.toString();
  }

  @Override
  public Bytes encode() {
    return payload;
  }
}
