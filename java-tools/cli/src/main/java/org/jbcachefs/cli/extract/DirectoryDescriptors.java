// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import org.jbcachefs.cli.platform.Errno;
import org.jbcachefs.cli.platform.LibC;

/**
 * Open descriptors of directories, a bounded number of them, the longest unused closed first.
 * Directories are opened from their parents, one name at a time, never through a symbolic link.
 * Thread-safe.
 */
final class DirectoryDescriptors {
  private static final int FLAGS =
      LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;

  private final int most;
  private final SequencedSet<LinuxDirectory> idle = new LinkedHashSet<>();
  private int open;

  DirectoryDescriptors(int most) {
    this.most = most;
  }

  /** The directory's descriptor, open until {@link #release}. */
  synchronized int acquire(LinuxDirectory directory, Scratch scratch) throws DestinationException {
    if (directory.descriptor == LinuxDirectory.CLOSED) {
      openFromAncestor(directory, scratch);
    }
    idle.remove(directory);
    directory.users++;
    return directory.descriptor;
  }

  synchronized void release(LinuxDirectory directory) {
    if (--directory.users == 0) {
      idle.addLast(directory);
      closeTooMany(null);
    }
  }

  /** The directory will not be needed any more; others may still be using it. */
  synchronized void forget(LinuxDirectory directory) {
    if (idle.remove(directory)) {
      close(directory);
    }
  }

  private void openFromAncestor(LinuxDirectory directory, Scratch scratch)
      throws DestinationException {
    Deque<LinuxDirectory> way = new ArrayDeque<>();
    for (LinuxDirectory at = directory; at.descriptor == LinuxDirectory.CLOSED; at = at.parent()) {
      way.push(at);
    }
    for (LinuxDirectory next : way) {
      next.descriptor = openIn(next, scratch);
      open++;
      idle.addLast(next);
      closeTooMany(next);
    }
  }

  private static int openIn(LinuxDirectory directory, Scratch scratch) throws DestinationException {
    int parent = directory.parent().descriptor;
    long name = scratch.first(directory.name());
    int descriptor = LibC.openat(parent, name, FLAGS, 0);
    if (descriptor < 0 && LibC.errno() == Errno.EACCES) {
      LibC.fchmodat(parent, name, 0700, 0);
      descriptor = LibC.openat(parent, name, FLAGS, 0);
    }
    if (descriptor < 0) {
      throw new DestinationException(directory.path(), LibC.errno());
    }
    return descriptor;
  }

  private void closeTooMany(LinuxDirectory needed) {
    Iterator<LinuxDirectory> eldest = idle.iterator();
    while (open > most && eldest.hasNext()) {
      LinuxDirectory candidate = eldest.next();
      if (candidate != needed) {
        eldest.remove();
        close(candidate);
      }
    }
  }

  private void close(LinuxDirectory directory) {
    LibC.close(directory.descriptor);
    directory.descriptor = LinuxDirectory.CLOSED;
    open--;
  }

  /** Closes all but what is in use. */
  synchronized void closeAll() {
    idle.forEach(this::close);
    idle.clear();
  }
}
