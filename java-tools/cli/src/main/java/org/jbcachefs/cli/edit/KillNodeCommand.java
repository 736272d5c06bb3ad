// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.edit;

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

/** {@code kill_btree_node}. */
@Command(
    name = "kill_btree_node",
    description = {
      "Makes btree nodes unreadable by overwriting their first block with zeros: to see what then"
          + " happens.",
    })
public final class KillNodeCommand implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "All members, in any order.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = {"-n", "--node"},
      paramLabel = "BTREE[:LEVEL[:INDEX]]",
      description = "The node by btree, level and number from the left; may be repeated.")
  private List<String> nodes = new ArrayList<>();

  @Option(
      names = {"-d", "--dev"},
      paramLabel = "N",
      description = "Only the copy on the device with that index; all copies if not given.")
  private Integer device;

  @Option(names = "--dry-run", description = "Only show what would be overwritten.")
  private boolean dryRun;

  @Mixin private EditOptions edit = new EditOptions();

  @Override
  public int run(Invocation invocation) {
    if (nodes.isEmpty()) {
      throw new UsageException("no node given; -n btree:level:index names one");
    }
    if (invocation.out().isJson()) {
      invocation.out().beginList();
    }
    edit.edit(
        invocation,
        MemberOptions.devices(devices),
        dryRun,
        false,
        editor -> {
          for (String node : nodes) {
            String only = device == null ? "" : " " + device;
            EditOptions.show(invocation, editor.run("kill " + whole(node) + only));
          }
        });
    return ExitCode.DONE;
  }

  private static String whole(String node) {
    return switch (node.split(":", -1).length) {
      case 1 -> node + ":0:0";
      case 2 -> node + ":0";
      default -> node;
    };
  }
}
