// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.jni;

import java.io.IOException;

/** A system call that failed: which operation, and its errno. */
public final class NativeException extends IOException {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int errno;

  public NativeException(String operation, int errno) {
    super(operation + ": " + Errno.text(errno));
    this.operation = operation;
    this.errno = errno;
  }

  public String operation() {
    return operation;
  }

  public int errno() {
    return errno;
  }

  /** Passes a result on, or throws what a negative one (an errno) means. */
  public static int check(String operation, int result) throws NativeException {
    if (result < 0) {
      throw new NativeException(operation, -result);
    }
    return result;
  }
}
