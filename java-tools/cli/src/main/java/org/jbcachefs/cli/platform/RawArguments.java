// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.cli.output.Names;

/**
 * The command line as bytes. The JVM decodes arguments by the locale and loses what does not fit;
 * names on a disk image may be any bytes, and the locale may be C.
 */
public final class RawArguments {
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private RawArguments() {}

  /**
   * The same arguments, decoded by {@link Names#decode} from the process's own command line where
   * the JVM's decoding may have lost something and the system tells.
   */
  public static List<String> recover(List<String> arguments) {
    boolean plain = true;
    for (String argument : arguments) {
      plain &= isPlain(argument);
    }
    if (plain) {
      return arguments;
    }
    try {
      List<String> all = split(Files.readAllBytes(COMMAND_LINE));
      int skipped = all.size() - arguments.size();
      return skipped < 0 ? arguments : all.subList(skipped, all.size());
    } catch (IOException e) {
      return arguments;
    }
  }

  private static boolean isPlain(String argument) {
    for (int i = 0; i < argument.length(); i++) {
      if (argument.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  private static List<String> split(byte[] commandLine) {
    List<String> all = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        all.add(Names.decode(Arrays.copyOfRange(commandLine, start, i)));
        start = i + 1;
      }
    }
    return all;
  }
}
