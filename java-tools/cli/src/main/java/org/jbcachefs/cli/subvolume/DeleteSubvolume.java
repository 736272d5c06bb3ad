// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code subvolume delete}. */
@Command(
    name = "delete",
    description = {
      "Deletes subvolumes and snapshots of a mounted filesystem with all that is in them but other"
          + " subvolumes, which have to be deleted first.",
      "What they occupied becomes free by and by."
    })
public final class DeleteSubvolume extends ChangeSubvolumes {
  @Parameters(arity = "1..*", paramLabel = "PATH", description = "What to delete.")
  private List<Path> paths = new ArrayList<>();

  @Override
  public List<Path> mountedPaths() {
    return paths;
  }

  private static void requireSubvolume(FilesystemView view, Named named) {
    DirectoryEntry entry =
        view.namespace()
            .lookup(named.directory(), named.name())
            .orElseThrow(
                () -> new PosixException(PosixError.ENOENT, "there is nothing of that name"));
    if (!entry.subvolume()) {
      throw new PosixException(PosixError.EINVAL, "not a subvolume");
    }
  }

  @Override
  int run(Invocation invocation, MountedHere here, MountedChanges changes) {
    return each(
        invocation,
        paths,
        here,
        named -> {
          if (dryRun().isWanted()) {
            requireSubvolume(here.view(), named);
            dryRun().say(invocation, "delete subvolume " + Names.printableString(named.name()));
            return;
          }
          changes.tree().deleteSubvolume(named.directoryId(), named.name());
          changes.tree().syncAll();
          changes.changed(named.directory(), named.name());
        });
  }
}
