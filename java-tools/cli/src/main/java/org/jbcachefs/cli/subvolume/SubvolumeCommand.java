// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.files.PathResolver;
import org.jbcachefs.cli.open.MountedTarget;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.snapshots.SnapshotUsage;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.value.Subvolume;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What both commands share: which filesystem, which subvolume of it, and how to sort. */
abstract class SubvolumeCommand implements MountedCommand {
  private static final long NANOS = 1_000_000_000L;

  @Parameters(
      index = "0",
      paramLabel = "TARGET",
      description = {
        "A mountpoint or a directory below one, or the members of a filesystem that is not"
            + " mounted: an image file or device, several joined by ':', or UUID=..."
      })
  private String target;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      description = "A directory in it whose subvolume is meant; / if there is none.")
  private String path;

  @Option(names = "--readonly", description = "Only those that are read-only.")
  boolean readOnlyOnly;

  @Option(
      names = "--sort",
      paramLabel = "name|size|time",
      description = "In this order instead of by number.")
  private String sort;

  @Mixin private ReadOptions read = new ReadOptions();
  @Mixin private ReadOptions.Rescue rescue = new ReadOptions.Rescue();

  /**
   * Everything the commands look at.
   *
   * @param subvolume the one that was asked about
   */
  record View(FilesystemView filesystem, SubvolumePaths paths, SnapshotUsage usage, int subvolume) {
    /** A subvolume's time of creation, nanoseconds since 1970; 0 if it is not known. */
    long created(Subvolume subvolume) {
      if (subvolume.otimeLo() == 0) {
        return 0;
      }
      Superblock superblock = filesystem.superblock();
      BigInteger units =
          BigInteger.valueOf(subvolume.otimeLo())
              .multiply(BigInteger.valueOf(superblock.timePrecision()));
      return units.add(BigInteger.valueOf(superblock.timeBaseLo())).longValue();
    }

    long createdSeconds(Subvolume subvolume) {
      return Math.floorDiv(created(subvolume), NANOS);
    }

    /** Sectors of everything the subvolume shows, or what it would free if it were alone. */
    long sectors(Subvolume subvolume) {
      return usage.visibleTo(subvolume.snapshot(), filesystem.snapshots());
    }
  }

  @Override
  public final int run(Invocation invocation) throws IOException {
    Optional<MountedHere> here = invocation.mounted();
    if (here.isPresent()) {
      FilesystemView mounted = here.get().view();
      invocation.out().filesystem(mounted.superblock().userUuid());
      return run(invocation, mounted, here.get().paths().getFirst());
    }
    MountedTarget mounted = MountedTarget.of(target, path);
    try (ReadFilesystem filesystem =
        read.open(invocation, read.members(mounted.members()), rescue.rescue())) {
      return run(invocation, filesystem, Names.encode(mounted.path()));
    }
  }

  @Override
  public final List<Path> mountedPaths() {
    return path == null ? List.of(Path.of(target)) : List.of();
  }

  private int run(Invocation invocation, FilesystemView filesystem, byte[] directory) {
    int subvolume =
        new PathResolver(filesystem.namespace(), filesystem.namespace().root())
            .resolve(directory, true)
            .subvolume();
    View view =
        new View(
            filesystem,
            new SubvolumePaths(filesystem.namespace()),
            SnapshotUsage.read(filesystem.btrees()),
            subvolume);
    return run(invocation, view);
  }

  abstract int run(Invocation invocation, View view);

  /** Null for the order of numbers. */
  SortOrder sort() {
    return sort == null ? null : SortOrder.of(sort);
  }

  static ZoneId zone(Invocation invocation) {
    return invocation.clock().getZone();
  }

  /** "ro", "unlinked", both, or nothing. */
  static String flags(boolean readOnly, boolean unlinked) {
    if (readOnly && unlinked) {
      return "ro,unlinked";
    }
    return readOnly ? "ro" : unlinked ? "unlinked" : "";
  }
}
