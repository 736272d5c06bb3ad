// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.value.Acl;

/**
 * ACLs as getxattr(2) returns them: u32 version 2, then for each entry u16 tag, u16 permissions,
 * u32 id (all ones where the tag needs none).
 */
public final class PosixAcl {
  private static final int XATTR_VERSION = 2;
  private static final int XATTR_HEADER_BYTES = 4;
  private static final int XATTR_ENTRY_BYTES = 8;

  private PosixAcl() {}

  /** The xattr's value of an ACL as stored; null if it has no entries, which is no ACL. */
  public static byte[] toXattr(byte[] stored, Place place) {
    Acl acl = Acl.decode(stored);
    if (acl == null) {
      throw new CorruptionException("posix_acl_invalid", place, "the ACL cannot be decoded");
    }
    if (acl.entries().isEmpty()) {
      return null;
    }
    byte[] xattr = new byte[XATTR_HEADER_BYTES + XATTR_ENTRY_BYTES * acl.entries().size()];
    MemorySegment out = MemorySegment.ofArray(xattr);
    Le.putU32(out, 0, XATTR_VERSION);
    int at = XATTR_HEADER_BYTES;
    for (Acl.Entry entry : acl.entries()) {
      Le.putU16(out, at, entry.tag());
      Le.putU16(out, at + 2, entry.permissions());
      Le.putU32(out, at + 4, entry.id());
      at += XATTR_ENTRY_BYTES;
    }
    return xattr;
  }

  /**
   * The ACL that setxattr(2) was given; null if it has no entries.
   *
   * @throws PosixException EINVAL if it is none, EOPNOTSUPP if it is of another version
   */
  public static Acl ofXattr(byte[] xattr) {
    MemorySegment in = MemorySegment.ofArray(xattr);
    if (xattr.length < XATTR_HEADER_BYTES) {
      throw invalid("too short");
    }
    if (Le.u32(in, 0) != XATTR_VERSION) {
      throw new PosixException(PosixError.EOPNOTSUPP, "an ACL of another version");
    }
    if ((xattr.length - XATTR_HEADER_BYTES) % XATTR_ENTRY_BYTES != 0) {
      throw invalid("cut off");
    }
    List<Acl.Entry> entries = new ArrayList<>();
    for (int at = XATTR_HEADER_BYTES; at < xattr.length; at += XATTR_ENTRY_BYTES) {
      int tag = Le.u16(in, at);
      boolean named = tag == Acl.TAG_USER || tag == Acl.TAG_GROUP;
      entries.add(new Acl.Entry(tag, Le.u16(in, at + 2), named ? Le.u32(in, at + 4) : -1));
    }
    if (entries.isEmpty()) {
      return null;
    }
    checkOrder(entries);
    return new Acl(entries);
  }

  /** Owner, named users, group, named groups, mask, others: what must be there, and once. */
  private static void checkOrder(List<Acl.Entry> entries) {
    int last = 0;
    boolean named = false;
    int seen = 0;
    for (Acl.Entry entry : entries) {
      boolean many = entry.tag() == Acl.TAG_USER || entry.tag() == Acl.TAG_GROUP;
      boolean known = Integer.bitCount(entry.tag()) == 1 && entry.tag() <= Acl.TAG_OTHER;
      if (!known || entry.permissions() > 7 || !inOrder(entry.tag(), last, many)) {
        throw invalid("entry with tag " + entry.tag());
      }
      last = entry.tag();
      named |= many;
      seen |= entry.tag();
    }
    int needed = Acl.TAG_USER_OBJ | Acl.TAG_GROUP_OBJ | Acl.TAG_OTHER;
    if ((seen & needed) != needed || (named && (seen & Acl.TAG_MASK) == 0)) {
      throw invalid("entries are missing");
    }
  }

  private static boolean inOrder(int tag, int last, boolean many) {
    return many ? tag >= last : tag > last;
  }

  private static PosixException invalid(String what) {
    return new PosixException(PosixError.EINVAL, "no valid ACL: " + what);
  }
}
