// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * One section while it is decoded: its bytes by offset from the section's start, and its errors.
 */
final class SectionReader {
  private final RawSection section;
  private final Place place;

  SectionReader(RawSection section, Place place) {
    this.section = section;
    this.place = place.in("superblock section " + section.name());
  }

  /** Bytes from the section's header to its end. */
  int end() {
    return section.totalBytes();
  }

  int type() {
    return section.type();
  }

  int u8(int offset) {
    return section.payload().u8(offset - RawSection.HEADER_BYTES);
  }

  int u16(int offset) {
    return section.payload().u16(offset - RawSection.HEADER_BYTES);
  }

  int u32(int offset) {
    return section.payload().u32(offset - RawSection.HEADER_BYTES);
  }

  long u64(int offset) {
    return section.payload().u64(offset - RawSection.HEADER_BYTES);
  }

  Bytes slice(int offset, int length) {
    return section.payload().slice(offset - RawSection.HEADER_BYTES, length);
  }

  /** The bytes from that offset to the end. */
  Bytes rest(int offset) {
    return slice(offset, end() - offset);
  }

  void requireBytes(int bytes) {
    if (end() < bytes) {
      throw invalid(end() + " bytes, expected " + bytes + " at least");
    }
  }

  CorruptionException invalid(String what) {
    SectionType type = SectionType.of(section.type());
    return new CorruptionException("invalid_sb_" + type, place, what);
  }
}
