// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import static java.lang.Integer.toUnsignedString;

/** Snapshots and subvolumes as text. */
final class SnapshotText {
  private static final int ID_WIDTH = 10;

  private SnapshotText() {}

  static void append(StringBuilder text, Subvolume subvolume) {
    text.append("root ").append(Long.toUnsignedString(subvolume.inode()));
    text.append(" snapshot id ").append(toUnsignedString(subvolume.snapshot()));
    if (subvolume.bytes() > Subvolume.OFFSET_CREATION_PARENT) {
      text.append(" creation_parent ").append(toUnsignedString(subvolume.creationParent()));
      text.append(" fs_parent ").append(toUnsignedString(subvolume.fsPathParent()));
    }
    text.append(subvolume.readOnly() ? " ro" : "");
    text.append(subvolume.isSnapshot() ? " snapshot" : "");
    text.append(subvolume.unlinked() ? " unlinked" : "");
  }

  static void append(StringBuilder text, Snapshot node) {
    text.append((node.flags() & Snapshot.FLAG_SUBVOL) != 0 ? "subvol " : "");
    text.append(node.willDelete() ? "will_delete " : "");
    text.append(node.deleted() ? "deleted " : "");
    text.append(node.noKeys() ? "no_keys " : "");
    id(text.append("parent "), node.parent());
    id(text.append(" children "), node.child0());
    id(text.append(' '), node.child1());
    text.append(" subvol ").append(toUnsignedString(node.subvolume()));
    text.append(" tree ").append(toUnsignedString(node.tree()));
    text.append(" depth ").append(toUnsignedString(node.depth()));
    text.append(" skiplist ").append(toUnsignedString(node.skip0()));
    text.append(' ').append(toUnsignedString(node.skip1()));
    text.append(' ').append(toUnsignedString(node.skip2()));
  }

  static void append(StringBuilder text, SnapshotTree tree) {
    text.append("subvol ").append(toUnsignedString(tree.masterSubvolume()));
    text.append(" root snapshot ").append(toUnsignedString(tree.rootSnapshot()));
  }

  private static void id(StringBuilder text, int id) {
    String digits = toUnsignedString(id);
    text.repeat(' ', ID_WIDTH - digits.length()).append(digits);
  }
}
