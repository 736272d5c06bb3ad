// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import picocli.CommandLine.Option;

/** Options that every command has without declaring them. */
final class StandardOptions {
  @Option(names = "--debug", description = "Show stack traces of errors.")
  boolean debug;

  /** The part that only commands that open devices have. */
  static final class Io {
    @Option(
        names = "--io",
        paramLabel = "WAY",
        description = {
          "How devices are reached: shim (the kernel module), uring (io_uring), plain (Java alone),",
          "or auto, the first of these that can be had here."
        })
    String way;
  }

  /** The part that only commands with JSON output have. */
  static final class Json {
    @Option(
        names = "--json",
        paramLabel = "lines",
        arity = "0..1",
        description = {
          "Print JSON: one object, or with --json=lines one line for each item of a long list.",
          "docs/json.md describes it."
        })
    String form;
  }
}
