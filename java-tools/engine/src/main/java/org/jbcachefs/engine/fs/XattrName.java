// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.format.value.Xattr;

/**
 * An extended attribute's name as it is stored: the namespace as a number, and what follows its
 * prefix, which is nothing for ACLs.
 */
public record XattrName(int type, byte[] name) {
  /** The prefix of each type of xattr, which for ACLs is the whole name. */
  private static final List<byte[]> PREFIXES =
      List.of(
          ascii("user."),
          ascii("system.posix_acl_access"),
          ascii("system.posix_acl_default"),
          ascii("trusted."),
          ascii("security."));

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The stored form of a full name; null if names like that are not stored. */
  public static XattrName of(byte[] fullName) {
    for (int type = 0; type < PREFIXES.size(); type++) {
      byte[] prefix = PREFIXES.get(type);
      boolean starts =
          fullName.length >= prefix.length
              && Arrays.equals(fullName, 0, prefix.length, prefix, 0, prefix.length);
      if (starts && isAcl(type) == (fullName.length == prefix.length)) {
        return new XattrName(type, Arrays.copyOfRange(fullName, prefix.length, fullName.length));
      }
    }
    return null;
  }

  private static boolean isAcl(int type) {
    return type == Xattr.TYPE_POSIX_ACL_ACCESS || type == Xattr.TYPE_POSIX_ACL_DEFAULT;
  }

  /** Whether its value is an ACL, which is not stored as getxattr(2) shows it. */
  public boolean isAcl() {
    return isAcl(type);
  }

  /** Whether names of that type have a prefix that is known. */
  public static boolean isKnown(int type) {
    return type < PREFIXES.size();
  }

  /** With its prefix. */
  public byte[] fullName() {
    byte[] prefix = PREFIXES.get(type);
    byte[] full = Arrays.copyOf(prefix, prefix.length + name.length);
    System.arraycopy(name, 0, full, prefix.length, name.length);
    return full;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof XattrName xattr
        && xattr.type == type
        && Arrays.equals(xattr.name, name);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(name);
  }
}
