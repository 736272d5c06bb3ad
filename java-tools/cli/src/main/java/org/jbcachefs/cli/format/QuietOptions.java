// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import picocli.CommandLine.Option;

/** How much a command that makes filesystems says. */
final class QuietOptions {
  @Option(
      names = {"-q", "--quiet"},
      description = "Print nothing but errors.")
  private boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description = "Accepted, without effect.")
  @SuppressWarnings("unused")
  private boolean verbose;

  boolean quiet() {
    return quiet;
  }
}
