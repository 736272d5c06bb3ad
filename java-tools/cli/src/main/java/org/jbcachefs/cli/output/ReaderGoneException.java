// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Who read our output has closed the pipe ({@code jbcachefs list | head}); we end silently. */
public final class ReaderGoneException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  public ReaderGoneException(IOException cause) {
    super(cause);
  }
}
