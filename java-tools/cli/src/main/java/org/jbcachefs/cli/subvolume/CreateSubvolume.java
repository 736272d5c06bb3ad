// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.write.NewInode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code subvolume create}. */
@Command(
    name = "create",
    description = {
      "Makes empty subvolumes on a mounted filesystem. Each belongs to whom its directory belongs."
    })
public final class CreateSubvolume extends ChangeSubvolumes {
  private static final int MODE = Attributes.DIRECTORY | 0755;

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "The new subvolumes.")
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
          if (dryRun().isWanted()) {
            requireFree(here.view(), named);
            dryRun().say(invocation, "make subvolume " + Names.printableString(named.name()));
            return;
          }
          Attributes directory = here.view().namespace().attributes(named.directory());
          NewInode how = NewInode.of(MODE, directory.uid(), directory.gid());
          changes
              .filesystem()
              .flush(changes.tree().createSubvolume(named.directoryId(), named.name(), how).seq());
          changes.changed(named.directory(), named.name());
        });
  }
}
