// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeField;

/** Whose quotas. Source: {@code enum quota_types}. */
public enum QuotaType {
  USER(0, FilesystemOption.USRQUOTA),
  GROUP(1, FilesystemOption.GRPQUOTA),
  PROJECT(2, FilesystemOption.PRJQUOTA);

  private final int number;
  private final FilesystemOption option;

  QuotaType(int number, FilesystemOption option) {
    this.number = number;
    this.option = option;
  }

  /** As in keys. */
  public int number() {
    return number;
  }

  /** What turns them on. */
  public FilesystemOption option() {
    return option;
  }

  /** The type of that number, or null if there is none. */
  static QuotaType of(long number) {
    for (QuotaType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return null;
  }

  /** Whom of that type an inode counts for. */
  int id(Inode inode) {
    return switch (this) {
      case USER -> (int) inode.get(InodeField.UID);
      case GROUP -> (int) inode.get(InodeField.GID);
      // Stored plus one: 0 is a file that never had one, which is project 0.
      case PROJECT -> (int) Math.max(0, inode.get(InodeField.PROJECT) - 1);
    };
  }

  @Override
  public String toString() {
    return switch (this) {
      case USER -> "user";
      case GROUP -> "group";
      case PROJECT -> "project";
    };
  }
}
