// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

/** Extended attributes as text; ACLs taken apart. */
final class XattrText {
  private static final String[] PREFIXES = {
    "user.", "(type 1)", "(type 2)", "trusted.", "security."
  };

  private XattrText() {}

  static void append(StringBuilder text, Xattr xattr) {
    int type = xattr.type();
    text.append(type < PREFIXES.length ? PREFIXES[type] : "(unknown type " + type + ")");
    text.append(KeyText.utf8(xattr.name())).append(':').append(KeyText.utf8(xattr.value()));
    boolean isAcl = type == Xattr.TYPE_POSIX_ACL_ACCESS || type == Xattr.TYPE_POSIX_ACL_DEFAULT;
    Acl acl = isAcl ? Acl.decode(xattr.value()) : null;
    if (acl != null) {
      acl.entries().forEach(entry -> append(text.append(' '), entry));
    }
  }

  private static void append(StringBuilder text, Acl.Entry entry) {
    text.append(
        switch (entry.tag()) {
          case Acl.TAG_USER_OBJ -> "user_obj";
          case Acl.TAG_USER -> "user uid " + Integer.toUnsignedString(entry.id());
          case Acl.TAG_GROUP_OBJ -> "group_obj";
          case Acl.TAG_GROUP -> "group gid " + Integer.toUnsignedString(entry.id());
          case Acl.TAG_MASK -> "mask";
          default -> "other";
        });
    text.append(' ').append(Integer.toOctalString(entry.permissions()));
  }
}
