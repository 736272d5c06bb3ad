// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.edit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.MemberOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code edit}. */
@Command(
    name = "edit",
    description = {
      "Shows and changes single keys, nodes and superblock fields of a filesystem that is not"
          + " mounted, checksums made right and nothing else: for experts, and for making damaged"
          + " filesystems.",
      "",
      "Statements:",
      "  get BTREE[:LEVEL] POS                   set BTREE[:LEVEL] POS FIELD=VALUE...",
      "  insert BTREE[:LEVEL] POS TYPE [F=V...]  copy BTREE[:LEVEL] POS NEWPOS [F=V...]",
      "  delete BTREE[:LEVEL] POS                kill BTREE:LEVEL:INDEX [DEVICE]",
      "  node BTREE:LEVEL POS [F=V...]           root BTREE [F=V...]",
      "  get sb[@DEVICE] [FIELD...]              set sb[@DEVICE] FIELD=VALUE...",
      "  section TYPE delete|HEX                 journal SEQ|newest [F=V...]",
      "  poke DEVICE OFFSET HEX",
      "Beside = there are +=, -=, |= and ^=. 'get' and statements without changes name the fields.",
    })
public final class EditCommand implements CliCommand {
  private static final List<String> HARMLESS = List.of("get");

  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "All members, in any order.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-e", "--expression"},
      paramLabel = "STATEMENT",
      description = "A statement; may be repeated.")
  private List<String> expressions = new ArrayList<>();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "SCRIPT",
      description = "A file of statements, one on a line; - for standard input.")
  private String file;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only show what would be changed.")
  private boolean dryRun;

  @Mixin private MemberOptions members = new MemberOptions();
  @Mixin private EditOptions edit = new EditOptions();

  @Override
  public int run(Invocation invocation) throws IOException {
    List<String> statements = new ArrayList<>(expressions);
    if (file != null) {
      statements.addAll(script(invocation).lines().toList());
    }
    statements.removeIf(line -> line.isBlank() || line.stripLeading().startsWith("#"));
    if (statements.isEmpty()) {
      throw new UsageException("nothing to do; give -e STATEMENT or -f SCRIPT");
    }
    boolean harmless =
        statements.stream().allMatch(line -> HARMLESS.contains(line.strip().split("\\s", 2)[0]));
    List<Path> paths = members.members(devices).paths();
    if (invocation.out().isJson()) {
      invocation.out().beginList();
    }
    edit.edit(
        invocation,
        paths,
        dryRun,
        harmless,
        editor -> statements.forEach(line -> EditOptions.show(invocation, editor.run(line))));
    return ExitCode.DONE;
  }

  private String script(Invocation invocation) throws IOException {
    byte[] bytes =
        file.equals("-") ? invocation.in().readAllBytes() : Files.readAllBytes(Path.of(file));
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
