// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.settings;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.DryRun;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.format.OptionTable;
import org.jbcachefs.cli.format.OptionValues;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.platform.OptionXattr;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code set-file-option}. */
@Command(
    name = "set-file-option",
    sortOptions = false,
    description = {
      "Sets options of files and directories of a mounted filesystem. What is in a directory gets its"
          + " options too, but for what has the same option of its own, and so does what is made in it"
          + " later.",
      "The value - lets a file have what its directory has."
    })
public final class SetFileOption implements CliCommand {
  private static final String UNSET = "-";

  private final Map<FilesystemOption, String> typed = new LinkedHashMap<>();
  private final OptionTable table = new OptionTable(SetFileOption::isOfFiles);

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files and directories.")
  private List<Path> files = new ArrayList<>();

  @Mixin private DryRun dryRun = new DryRun();

  @Option(names = "--remove-all", description = "First take all options away.")
  private boolean removeAll;

  /** Whether files can have an option. */
  private static boolean isOfFiles(FilesystemOption option) {
    for (InodeOption own : InodeOption.values()) {
      if (own.option() == option) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean offersJson() {
    return false;
  }

  @Override
  public void addOptions(CommandSpec spec) {
    table.declare(spec, typed::put);
  }

  @Override
  public List<String> prepared(List<String> arguments) {
    return table.prepared(arguments);
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    if (typed.isEmpty() && !removeAll) {
      throw new UsageException("no option given");
    }
    int code = ExitCode.DONE;
    for (Path file : files) {
      try {
        if (dryRun.isWanted()) {
          say(invocation, file);
        } else {
          change(file);
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      } catch (FileSystemException e) {
        invocation.problem(new Problem("not_set", e.getFile(), e.getReason()));
        code = ExitCode.FAILED;
      }
    }
    return code;
  }

  private void say(Invocation invocation, Path file) throws IOException {
    BasicFileAttributes there =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    List<String> changes = new ArrayList<>();
    if (removeAll) {
      changes.add("take all options from");
    }
    typed.forEach((option, value) -> {
      boolean unset = value.equals(UNSET);
      if (!unset && OptionValues.parse(option, value) < 0) {
        throw new UsageException("'" + value + "' is no value of " + option);
      }
      changes.add(unset ? "take " + option + " from" : "set " + option + " to " + value + " for");
    });
    String inside = there.isDirectory() ? " and what is in it that has none of its own" : "";
    changes.forEach(change -> dryRun.say(invocation, change + " " + file + inside));
  }

  private void change(Path file) throws IOException {
    List<String> changed = new ArrayList<>();
    if (removeAll) {
      for (InodeOption option : InodeOption.values()) {
        // Only an empty directory can be made to fold names, or not to.
        if (option != InodeOption.CASEFOLD) {
          OptionXattr.remove(file, option.toString());
          changed.add(option.toString());
        }
      }
    }
    for (Map.Entry<FilesystemOption, String> entry : typed.entrySet()) {
      String option = entry.getKey().toString();
      if (entry.getValue().equals(UNSET)) {
        OptionXattr.remove(file, option);
      } else {
        OptionXattr.set(file, option, entry.getValue());
      }
      changed.add(option);
    }
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      handOn(file, changed);
    }
  }

  /** What has no option of its own gets what its directory has. */
  private static void handOn(Path directory, List<String> options) throws IOException {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
      for (Path child : children) {
        if (Files.isSymbolicLink(child)) {
          continue;
        }
        List<String> inherited = new ArrayList<>();
        for (String option : options) {
          if (!option.equals(InodeOption.CASEFOLD.toString())
              && !OptionXattr.isOwn(child, option)) {
            OptionXattr.remove(child, option);
            inherited.add(option);
          }
        }
        if (!inherited.isEmpty() && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
          handOn(child, inherited);
        }
      }
    }
  }
}
