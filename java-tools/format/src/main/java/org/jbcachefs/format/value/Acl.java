// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Le;

/**
 * A POSIX ACL as it is stored as an xattr's value: u32 version 1, then entries of u16 tag and u16
 * permissions, followed by a u32 id for users and groups that are named. Source: {@code
 * bch_acl_header}, {@code bch_acl_entry}.
 */
public record Acl(List<Entry> entries) {
  public static final int VERSION = 1;
  public static final int TAG_USER_OBJ = 0x01;
  public static final int TAG_USER = 0x02;
  public static final int TAG_GROUP_OBJ = 0x04;
  public static final int TAG_GROUP = 0x08;
  public static final int TAG_MASK = 0x10;
  public static final int TAG_OTHER = 0x20;

  private static final int HEADER_BYTES = 4;
  private static final int SHORT_BYTES = 4;
  private static final int LONG_BYTES = 8;
  private static final int OFFSET_PERMISSIONS = 2;
  private static final int OFFSET_ID = 4;

  /**
   * One entry.
   *
   * @param id user or group; -1 where the tag needs none
   */
  public record Entry(int tag, int permissions, int id) {
    boolean isNamed() {
      return tag == TAG_USER || tag == TAG_GROUP;
    }

    boolean isKnown() {
      return switch (tag) {
        case TAG_USER_OBJ, TAG_USER, TAG_GROUP_OBJ, TAG_GROUP, TAG_MASK, TAG_OTHER -> true;
        default -> false;
      };
    }
  }

  public Acl {
    entries = List.copyOf(entries);
  }

  /** Decodes an xattr's value; null if it is no ACL of version 1 or is cut off. */
  public static Acl decode(byte[] value) {
    MemorySegment in = MemorySegment.ofArray(value);
    if (value.length < HEADER_BYTES || Le.u32(in, 0) != VERSION) {
      return null;
    }
    List<Entry> entries = new ArrayList<>();
    int at = HEADER_BYTES;
    while (at < value.length) {
      if (at + SHORT_BYTES > value.length) {
        return null;
      }
      Entry entry = new Entry(Le.u16(in, at), Le.u16(in, at + OFFSET_PERMISSIONS), -1);
      if (!entry.isKnown() || (entry.isNamed() && at + LONG_BYTES > value.length)) {
        return null;
      }
      if (entry.isNamed()) {
        entry = new Entry(entry.tag(), entry.permissions(), Le.u32(in, at + OFFSET_ID));
      }
      entries.add(entry);
      at += entry.isNamed() ? LONG_BYTES : SHORT_BYTES;
    }
    return new Acl(entries);
  }

  /** The xattr's value. */
  public byte[] encode() {
    int bytes = HEADER_BYTES;
    for (Entry entry : entries) {
      bytes += entry.isNamed() ? LONG_BYTES : SHORT_BYTES;
    }
    byte[] value = new byte[bytes];
    MemorySegment out = MemorySegment.ofArray(value);
    Le.putU32(out, 0, VERSION);
    int at = HEADER_BYTES;
    for (Entry entry : entries) {
      Le.putU16(out, at, entry.tag());
      Le.putU16(out, at + OFFSET_PERMISSIONS, entry.permissions());
      if (entry.isNamed()) {
        Le.putU32(out, at + OFFSET_ID, entry.id());
      }
      at += entry.isNamed() ? LONG_BYTES : SHORT_BYTES;
    }
    return value;
  }
}
