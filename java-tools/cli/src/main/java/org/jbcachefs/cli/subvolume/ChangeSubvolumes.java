// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.cli.DryRun;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.files.PathResolver;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import picocli.CommandLine.Mixin;

/** What the commands share that change subvolumes of a mounted filesystem. */
abstract class ChangeSubvolumes implements MountedCommand {
  /** A name in a directory. */
  record Named(FileId directory, byte[] name) {
    InodeId directoryId() {
      return new InodeId(directory.subvolume(), directory.inode());
    }
  }

  @Mixin private DryRun dryRun = new DryRun();

  final DryRun dryRun() {
    return dryRun;
  }

  /** ENOENT, ENOTDIR or EEXIST if nothing of that name can be made there. */
  static void requireFree(FilesystemView view, Named named) {
    if (!view.namespace().attributes(named.directory()).isDirectory()) {
      throw new PosixException(PosixError.ENOTDIR, "not a directory");
    }
    if (view.namespace().lookup(named.directory(), named.name()).isPresent()) {
      throw new PosixException(PosixError.EEXIST, "there is something of that name");
    }
  }

  @Override
  public final boolean opensDevices() {
    return false;
  }

  @Override
  public final int run(Invocation invocation) throws IOException {
    MountedHere here = MountedHere.required(invocation, mountedPaths().getFirst());
    MountedChanges changes = here.changesRequired(mountedPaths().getFirst());
    invocation.out().filesystem(here.view().superblock().userUuid());
    return run(invocation, here, changes);
  }

  abstract int run(Invocation invocation, MountedHere here, MountedChanges changes);

  /** Does something to each path by itself; one that fails does not keep the others from it. */
  static int each(Invocation invocation, List<Path> typed, MountedHere here, Each work) {
    int code = ExitCode.DONE;
    for (int i = 0; i < here.paths().size(); i++) {
      try {
        work.run(named(here.view(), here.paths().get(i)));
      } catch (BcachefsException e) {
        code = invocation.failedAt(typed.get(i).toString(), e);
      }
    }
    return code;
  }

  /** One of several. */
  interface Each {
    void run(Named named);
  }

  static Named named(FilesystemView view, byte[] path) {
    int slash = path.length - 1;
    while (slash > 0 && path[slash] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(path, slash + 1, path.length);
    return new Named(resolve(view, Arrays.copyOf(path, slash + 1)), name);
  }

  static FileId resolve(FilesystemView view, byte[] path) {
    return new PathResolver(view.namespace(), view.namespace().root()).resolve(path, true);
  }
}
