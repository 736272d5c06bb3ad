// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.open.MemberSpec;
import org.jbcachefs.cli.open.MountedTarget;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.engine.alloc.FilesystemUsage;
import org.jbcachefs.engine.alloc.UsageReader;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.sb.DeviceSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fs usage}. */
@Command(
    name = "fs usage",
    description = {
      "Shows what the space of a filesystem is used for, as the filesystem itself has counted it on"
          + " its devices."
    })
public final class FsUsageCommand implements MountedCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "DEV",
      description =
          "Members: several, or one argument joined by ':', or UUID=...; or a mountpoint.")
  private List<String> devices = new ArrayList<>();

  @Mixin private ReadOptions read = new ReadOptions();

  @Option(
      names = {"-f", "--fields"},
      paramLabel = "A,B",
      description = "Any of: replicas, btree, compression, rebalance_work, devices.")
  private String fields;

  @Option(
      names = {"-a", "--all"},
      description = "All of them.")
  private boolean all;

  @Option(
      names = {"-h", "--human-readable"},
      description = "Sizes with k, M, G...")
  private boolean human;

  @Override
  public int run(Invocation invocation) throws IOException {
    Set<UsageText.Part> parts = parts();
    try (FilesystemView filesystem = view(invocation)) {
      FilesystemUsage usage = UsageReader.read(filesystem.btrees(), filesystem.superblock());
      MemberNames names = names(filesystem.devices());
      if (invocation.out().isJson()) {
        new UsageJson(filesystem.superblock(), usage, names).write(invocation.out().data());
      } else {
        invocation
            .out()
            .text()
            .print(new UsageText(filesystem.superblock(), usage, names, human).text(parts));
      }
    }
    return ExitCode.DONE;
  }

  @Override
  public List<Path> mountedPaths() {
    return devices.size() == 1 ? List.of(Path.of(devices.getFirst())) : List.of();
  }

  private FilesystemView view(Invocation invocation) throws IOException {
    if (invocation.mounted().isPresent()) {
      FilesystemView mounted = invocation.mounted().get().view();
      invocation.out().filesystem(mounted.superblock().userUuid());
      return mounted;
    }
    return read.open(invocation, members(), false);
  }

  /** A mountpoint stands for the devices that are mounted there. */
  private MemberSpec members() throws IOException {
    return devices.size() == 1
        ? read.members(MountedTarget.of(devices.getFirst(), null).members())
        : read.members(devices);
  }

  private Set<UsageText.Part> parts() {
    if (all) {
      return EnumSet.allOf(UsageText.Part.class);
    }
    if (fields == null) {
      return EnumSet.of(UsageText.Part.REBALANCE_WORK);
    }
    Set<UsageText.Part> parts = EnumSet.noneOf(UsageText.Part.class);
    for (String field : fields.split(",", -1)) {
      parts.add(part(field));
    }
    return parts;
  }

  private static UsageText.Part part(String name) {
    String wanted = name.trim().toUpperCase(Locale.ROOT).replace('-', '_');
    for (UsageText.Part part : UsageText.Part.values()) {
      if (part.name().equals(wanted)) {
        return part;
      }
    }
    throw new UsageException(
        "there is no field '"
            + name
            + "'; there are replicas, btree, compression, rebalance_work,"
            + " devices");
  }

  private static MemberNames names(DeviceSet devices) {
    Map<Integer, String> paths = new HashMap<>();
    for (int index = 0; index < devices.size(); index++) {
      if (devices.device(index) != null) {
        paths.put(index, devices.name(index));
      }
    }
    return new MemberNames(paths);
  }
}
