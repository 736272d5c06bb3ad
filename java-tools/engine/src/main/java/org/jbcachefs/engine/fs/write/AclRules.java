// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.value.Acl;

/**
 * How ACLs and permissions go together: three of an ACL's entries are the file's permissions, or
 * its mask is those of the group.
 */
final class AclRules {
  private static final int PERMISSIONS = 7;

  private AclRules() {}

  /** Whether the ACL says nothing that permissions do not. */
  static boolean isMinimal(Acl acl) {
    return acl.entries().size() == 3;
  }

  /** Permissions of a file with that ACL; other bits of the mode stay. */
  static int mode(int mode, Acl acl) {
    int result = mode & ~0777;
    for (Acl.Entry entry : acl.entries()) {
      int shift = shift(entry, hasMask(acl));
      if (shift >= 0) {
        result |= (entry.permissions() & PERMISSIONS) << shift;
      }
    }
    return result;
  }

  /** The ACL of a file that got other permissions. */
  static Acl withMode(Acl acl, int mode) {
    List<Acl.Entry> entries = new ArrayList<>();
    for (Acl.Entry entry : acl.entries()) {
      int shift = shift(entry, hasMask(acl));
      int permissions = shift < 0 ? entry.permissions() : mode >>> shift & PERMISSIONS;
      entries.add(new Acl.Entry(entry.tag(), permissions, entry.id()));
    }
    return new Acl(entries);
  }

  /** The ACL of a file that is made with a mode where that default holds. */
  static Acl inherited(Acl parent, int mode) {
    List<Acl.Entry> entries = new ArrayList<>();
    for (Acl.Entry entry : parent.entries()) {
      int shift = shift(entry, hasMask(parent));
      int permissions =
          shift < 0 ? entry.permissions() : entry.permissions() & mode >>> shift & PERMISSIONS;
      entries.add(new Acl.Entry(entry.tag(), permissions, entry.id()));
    }
    return new Acl(entries);
  }

  private static boolean hasMask(Acl acl) {
    return acl.entries().stream().anyMatch(entry -> entry.tag() == Acl.TAG_MASK);
  }

  /** Where in the mode an entry's permissions are, or -1. */
  private static int shift(Acl.Entry entry, boolean mask) {
    return switch (entry.tag()) {
      case Acl.TAG_USER_OBJ -> 6;
      case Acl.TAG_GROUP_OBJ -> mask ? -1 : 3;
      case Acl.TAG_MASK -> 3;
      case Acl.TAG_OTHER -> 0;
      default -> -1;
    };
  }
}
