// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedHere;
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

  @Override
  int run(Invocation invocation, MountedHere here, MountedChanges changes) {
    return each(
        invocation,
        paths,
        here,
        named -> {
          changes.tree().deleteSubvolume(named.directoryId(), named.name());
          changes.tree().syncAll();
          changes.changed(named.directory(), named.name());
        });
  }
}
