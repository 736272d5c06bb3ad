// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jbcachefs.cli.output.Names;

/** A directory by its way from the destination; its descriptor is opened and closed as needed. */
final class LinuxDirectory implements Destination.Directory {
  static final int CLOSED = -1;

  private final LinuxDirectory parent;
  private final byte[] name;

  /** Guarded by {@link DirectoryDescriptors}, like the count of those who use it now. */
  int descriptor = CLOSED;

  int users;

  /**
   * @param parent null for the destination itself
   * @param name a single name; of the destination its path
   */
  LinuxDirectory(LinuxDirectory parent, byte[] name) {
    this.parent = parent;
    this.name = name;
  }

  LinuxDirectory parent() {
    return parent;
  }

  byte[] name() {
    return name;
  }

  @Override
  public String path() {
    Deque<String> names = new ArrayDeque<>();
    for (LinuxDirectory at = this; at != null; at = at.parent) {
      names.push(Names.printableString(at.name));
    }
    return String.join("/", names);
  }
}
