// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.platform.RawArguments;
import org.jbcachefs.cli.platform.Terminal;

/** The program. */
public final class Cli {
  /** The name under which the launcher was called (mkfs.jbcachefs, mount.jbcachefs, ...). */
  public static final String CALLED_AS = "JBCACHEFS_CALLED_AS";

  private Cli() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    Map<String, String> environment = System.getenv();
    List<String> words = RawArguments.recover(List.of(arguments));
    boolean debug = words.contains("--debug");
    Thread.currentThread()
        .setUncaughtExceptionHandler((thread, thrown) -> defect(err, thrown, debug));
    Invocation.Surroundings surroundings =
        new Invocation.Surroundings(
            new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
            new FileOutputStream(FileDescriptor.out),
            err,
            environment,
            Clock.system(ZoneId.systemDefault()),
            Terminal.of(environment));
    System.exit(new Dispatcher(surroundings).run(words));
  }

  /** An exception that no one foresaw: say so in a sentence; the JVM then ends with 1. */
  private static void defect(PrintStream err, Throwable thrown, boolean debug) {
    String hint = debug ? "" : "; run it with --debug for details";
    err.println("jbcachefs: internal error, which is a defect of jbcachefs: " + thrown + hint);
    if (debug) {
      err.print(StackTraces.of(thrown));
    }
    err.flush();
  }
}
