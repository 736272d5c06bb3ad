// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.open;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Finding;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that reads a filesystem offline, and the opening itself. A mixin. */
public final class ReadOptions {
  @Mixin private MemberOptions members = new MemberOptions();
  @Mixin private OpeningOptions opening = new OpeningOptions();

  /** {@code --rescue}, for commands that have it. A mixin. */
  public static final class Rescue {
    @Option(
        names = "--rescue",
        description = {
          "Use what is left of a damaged filesystem: rebuild missing roots and nodes from what the",
          "devices still hold; ends with a report of what was recovered and what is lost."
        })
    private boolean rescue;

    public boolean rescue() {
      return rescue;
    }
  }

  /** The members that one argument and the {@code -d} options name. */
  public MemberSpec members(String argument) {
    return members.members(argument);
  }

  /** The members that arguments and the {@code -d} options name. */
  public MemberSpec members(List<String> arguments) {
    return members.members(arguments);
  }

  /** See {@link OpeningOptions#open}. */
  public ReadFilesystem open(Invocation invocation, MemberSpec spec, boolean rescue)
      throws IOException {
    return opening.open(invocation, spec, rescue);
  }

  /** See {@link OpeningOptions#openForCheck}. */
  public ReadFilesystem openForCheck(
      Invocation invocation, MemberSpec spec, Consumer<Finding> findings) throws IOException {
    return opening.openForCheck(invocation, spec, findings);
  }

  /** See {@link OpeningOptions#options}. */
  public OpenOptions openOptions(Invocation invocation) {
    return opening.options(invocation);
  }

  /** The same for those who repair; see {@link OpeningOptions#optionsToRepair}. */
  public OpenOptions openOptionsToRepair(Invocation invocation) {
    return opening.optionsToRepair(invocation);
  }

  /** What {@code -o} says. */
  public MountOptions mountOptions() {
    return opening.mountOptions();
  }

  /** See {@link OpeningOptions#openDevices}. */
  public static List<BlockDevice> openDevices(Invocation invocation, MemberSpec spec)
      throws IOException {
    return OpeningOptions.openDevices(invocation, spec);
  }
}
