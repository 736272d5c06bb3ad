// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Names;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code subvolume snapshot}. */
@Command(
    name = "snapshot",
    description = {
      "Makes a snapshot of a subvolume of a mounted filesystem: what is in it now, whatever happens"
          + " to it later. Subvolumes in it are not part of it."
    })
public final class SnapshotSubvolume extends ChangeSubvolumes {
  @Parameters(
      index = "0",
      paramLabel = "[SOURCE] DEST",
      arity = "1..2",
      description = {
        "A directory of the subvolume, if it is not the one in which the snapshot is made; and the"
            + " new snapshot."
      })
  private List<Path> paths;

  @Option(
      names = {"-r", "--read-only"},
      description = "Nothing can be changed in the snapshot.")
  private boolean readOnly;

  @Override
  public List<Path> mountedPaths() {
    return paths;
  }

  /** The snapshot has what was written before it was asked for. */
  @Override
  public boolean needsWriteBack() {
    return !dryRun().isWanted();
  }

  @Override
  int run(Invocation invocation, MountedHere here, MountedChanges changes) {
    Named made = named(here.view(), here.paths().getLast());
    int source =
        here.paths().size() == 1
            ? made.directory().subvolume()
            : resolve(here.view(), here.paths().getFirst()).subvolume();
    if (dryRun().isWanted()) {
      requireFree(here.view(), made);
      dryRun()
          .say(
              invocation,
              "make snapshot %s of subvolume %s%s"
                  .formatted(
                      Names.printableString(made.name()),
                      Integer.toUnsignedString(source),
                      readOnly ? ", read-only" : ""));
      return ExitCode.DONE;
    }
    changes
        .filesystem()
        .flush(
            changes.tree().createSnapshot(source, made.directoryId(), made.name(), readOnly).seq());
    changes.changed(made.directory(), made.name());
    return ExitCode.DONE;
  }
}
