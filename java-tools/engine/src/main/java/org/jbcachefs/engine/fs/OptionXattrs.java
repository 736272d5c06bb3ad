// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.OptionText;

/**
 * Per-inode options as the kernel shows them among the xattrs: "bcachefs.X" where the option was
 * set on the inode itself, "bcachefs_effective.X" where it was set or inherited. An option that the
 * inode leaves to the filesystem is not shown.
 */
final class OptionXattrs {
  private static final String OWN = "bcachefs.";
  private static final String EFFECTIVE = "bcachefs_effective.";

  private OptionXattrs() {}

  static List<Namespace.Xattr> of(Inode inode, IntFunction<String> targetName) {
    List<Namespace.Xattr> own = new ArrayList<>();
    List<Namespace.Xattr> effective = new ArrayList<>();
    for (InodeOption option : InodeOption.values()) {
      long stored = inode.stored(option);
      if (stored == 0) {
        continue;
      }
      byte[] value = utf8(OptionText.of(option, stored - 1, targetName));
      if (inode.isOwn(option)) {
        own.add(new Namespace.Xattr(utf8(OWN + option), value));
      }
      effective.add(new Namespace.Xattr(utf8(EFFECTIVE + option), value));
    }
    own.addAll(effective);
    return own;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
