// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import org.jbcachefs.format.hash.StrHash;

/** Inodes as text: a line for each field. */
final class InodeText {
  private static final String[] FLAGS = {
    "sync",
    "immutable",
    "append",
    "nodump",
    "noatime",
    "i_size_dirty",
    "i_sectors_dirty",
    "unlinked",
    "backptr_untrusted",
    "has_child_snapshot",
    "has_case_insensitive",
    "31bit_dirent_offset",
    "has_inode_opts",
    "has_access_acl",
    "has_default_acl"
  };

  private final StringBuilder text;

  InodeText(StringBuilder text) {
    this.text = text;
  }

  void append(Inode inode) {
    int type = inode.mode() >>> 12;
    line("mode=" + Integer.toOctalString(inode.mode()) + " (" + KeyText.direntType(type) + ")");
    line("flags=" + flags(inode.flags()) + "(" + Long.toHexString(inode.packedFlags()) + ")");
    line("journal_seq=" + Long.toUnsignedString(inode.journalSeq()));
    line("hash_seed=" + Long.toHexString(inode.hashSeed()));
    line("hash_type=" + StrHash.nameOf(inode.strHash()));
    line("bi_size=" + Long.toUnsignedString(inode.size()));
    line("bi_sectors=" + Long.toUnsignedString(inode.sectors()));
    line("bi_version=" + Long.toUnsignedString(inode.iVersion()));
    for (InodeField field : InodeField.V3) {
      line(field + "=" + Long.toUnsignedString(inode.get(field)));
    }
  }

  private void line(String line) {
    text.append("\n  ").append(line);
  }

  private static String flags(int flags) {
    StringBuilder names = new StringBuilder();
    for (int bit = 0; bit < FLAGS.length; bit++) {
      if ((flags >>> bit & 1) != 0) {
        names.append(names.isEmpty() ? "" : ",").append(FLAGS[bit]);
      }
    }
    return names.toString();
  }
}
