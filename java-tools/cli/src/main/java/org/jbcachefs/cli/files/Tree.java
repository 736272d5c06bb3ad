// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.io.IOException;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.FileId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tree}. */
@Command(
    name = "tree",
    description = {
      "Shows a whole tree of a filesystem that is not mounted; subvolumes and snapshots in it appear"
          + " as directories.",
      "Ends with 3 if anything of it could not be read."
    })
public final class Tree extends FilesCommand {
  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      description = "Absolute from the root subvolume; / if there is none.")
  private String path = "/";

  @Option(
      names = {"-L", "--level"},
      paramLabel = "N",
      description = "Not deeper than N directories.")
  private int level = Integer.MAX_VALUE;

  @Option(names = "--directories", description = "Directories only.")
  private boolean directoriesOnly;

  @Option(
      names = {"-f", "--paths"},
      description = "Whole paths, one a line, instead of a drawing.")
  private boolean wholePaths;

  @Option(
      names = {"-0", "--zero"},
      description = "Whole paths as they are, each ended with NUL.")
  private boolean zero;

  @Override
  protected int run(Invocation invocation, Opened opened) throws IOException {
    byte[] raw = Names.encode(path);
    FileId start = opened.resolver().resolve(raw, true);
    if (!opened.namespace().attributes(start).isDirectory()) {
      invocation.problem(
          new org.jbcachefs.cli.output.Problem(
              "not_found", Names.printableString(raw), "not a directory"));
      return ExitCode.FAILED;
    }
    TreePrinter.Style style =
        new TreePrinter.Style(level, directoriesOnly, wholePaths || zero, zero);
    new TreePrinter(invocation, opened.namespace(), style).print(BytePath.normalize(raw), start);
    return ExitCode.DONE;
  }
}
