// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import org.jbcachefs.cli.platform.Errno;

/** The destination refused something. */
final class DestinationException extends IOException {
  private static final long serialVersionUID = 1;

  private final int errno;

  /**
   * @param path what was written, as the user knows it
   * @param errno as in Linux; 0 if there is none
   */
  DestinationException(String path, int errno) {
    this(path, errno, Errno.text(errno));
  }

  DestinationException(String path, int errno, String what) {
    super(path + ": " + what);
    this.errno = errno;
  }

  /** Whether going on with other files makes no sense. */
  boolean isFatal() {
    return switch (errno) {
      case Errno.ENOSPC, Errno.EDQUOT, Errno.EROFS, Errno.EIO, Errno.EMFILE -> true;
      default -> false;
    };
  }

  /** The same for extended attributes, for which filesystems have little room of their own. */
  boolean isFatalForXattrs() {
    return errno != Errno.ENOSPC && isFatal();
  }

  boolean exists() {
    return errno == Errno.EEXIST;
  }
}
