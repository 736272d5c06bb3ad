// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.cli.control.DaemonCall;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.ReaderGoneException;
import org.jbcachefs.format.error.BcachefsException;
import picocli.CommandLine.ParameterException;

/** One run of one command: parse its options, run it, render what went wrong, end its output. */
final class CommandRun {
  private final Invocation.Surroundings surroundings;
  private final CommandTable.Entry entry;

  /** Null outside of a daemon. */
  private MountedHere here;

  CommandRun(Invocation.Surroundings surroundings, CommandTable.Entry entry) {
    this.surroundings = surroundings;
    this.entry = entry;
  }

  /** Runs in the daemon of that mount. */
  CommandRun in(MountedHere mounted) {
    here = mounted;
    return this;
  }

  int run(List<String> arguments) {
    CliCommand command = CommandTable.create(entry.name());
    CommandParser parser = new CommandParser(entry, command, surroundings.terminal());
    Output.Form form;
    IoMode io;
    try {
      parser.parse(arguments);
      if (parser.helpRequested()) {
        surroundings.out().write(parser.help());
        return ExitCode.DONE;
      }
      if (here == null && command instanceof MountedCommand mounted) {
        mounted.beforeDaemon();
        Optional<Integer> code = DaemonCall.run(surroundings, entry.name(), arguments, mounted);
        if (code.isPresent()) {
          if (code.get() == ExitCode.DONE) {
            mounted.afterDaemon();
          }
          return code.get();
        }
      }
      form = Dispatcher.form(parser.json());
      io = ioMode(parser.io());
    } catch (ParameterException | UsageException e) {
      return usage(command, e.getMessage());
    } catch (IOException e) {
      surroundings.err().println("jbcachefs: " + entry.name() + ": " + problem(e).what());
      return ExitCode.FAILED;
    }
    Output out = new Output(surroundings.out(), form, entry.name());
    return run(command, new Invocation(surroundings, out, parser.debug(), io).in(here));
  }

  private static IoMode ioMode(String way) {
    return IoMode.of(way == null ? "auto" : way)
        .orElseThrow(
            () -> new UsageException("--io takes auto, shim, uring or plain, not '" + way + "'"));
  }

  private int run(CliCommand command, Invocation invocation) {
    int code = attempt(command, invocation);
    try {
      invocation.out().finish();
    } catch (ReaderGoneException e) {
      return code;
    } catch (UncheckedIOException e) {
      return failed(command, invocation, e.getCause());
    }
    return code;
  }

  private int attempt(CliCommand command, Invocation invocation) {
    try {
      int code = command.run(invocation);
      return code == ExitCode.DONE && invocation.isDamaged() ? ExitCode.DAMAGE : code;
    } catch (ReaderGoneException e) {
      throw e;
    } catch (UsageException e) {
      invocation.out().add(new Problem("usage", entry.name(), e.getMessage()));
      return usage(command, e.getMessage());
    } catch (BcachefsException e) {
      invocation.problem("", e);
      return command.failureCode();
    } catch (UncheckedIOException e) {
      return failed(command, invocation, e.getCause());
    } catch (IOException e) {
      return failed(command, invocation, e);
    }
  }

  private int usage(CliCommand command, String what) {
    String sentence = what.replace('\n', ' ');
    surroundings
        .err()
        .println(
            "jbcachefs: "
                + entry.name()
                + ": "
                + sentence
                + "; see 'jbcachefs "
                + entry.name()
                + " --help'");
    return command.usageCode();
  }

  private int failed(CliCommand command, Invocation invocation, IOException e) {
    invocation.problem(problem(e));
    if (invocation.debug()) {
      surroundings.err().print(StackTraces.of(e));
    }
    return command.failureCode();
  }

  private static Problem problem(IOException e) {
    if (e instanceof FileSystemException f && f.getFile() != null) {
      return new Problem("io", f.getFile(), reason(f));
    }
    return new Problem("io", "", String.valueOf(e.getMessage()));
  }

  private static String reason(FileSystemException e) {
    return switch (e) {
      case NoSuchFileException n -> "no such file or directory";
      case AccessDeniedException a -> "permission denied";
      case FileAlreadyExistsException f -> "exists already";
      case NotDirectoryException n -> "not a directory";
      case DirectoryNotEmptyException d -> "directory not empty";
      default -> e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
    };
  }
}
