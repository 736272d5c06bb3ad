// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code -d DEV}: members beside those in the argument. A mixin. */
public final class MemberOptions {
  @Option(
      names = {"-d", "--dev"},
      paramLabel = "DEV",
      description = "One more member device; may be repeated.")
  private List<String> more = new ArrayList<>();

  /** The members that one argument and the {@code -d} options name. */
  public MemberSpec members(String argument) {
    return MemberSpec.of(argument, more);
  }

  /** The members that arguments and the {@code -d} options name, each argument one device. */
  public MemberSpec members(List<String> arguments) {
    return MemberSpec.of(arguments, more);
  }

  /** The devices that arguments name, for commands where {@code -d} means something else. */
  public static List<java.nio.file.Path> devices(List<String> arguments) {
    return MemberSpec.of(arguments, List.of()).paths();
  }
}
