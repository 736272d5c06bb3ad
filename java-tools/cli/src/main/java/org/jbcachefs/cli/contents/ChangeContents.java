// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.fuse.mount.WriteBack;
import picocli.CommandLine.Mixin;

/** What the commands share that change contents of files of a mounted filesystem. */
abstract class ChangeContents implements MountedCommand {
  private long sizeBefore;

  @Mixin private DryRun dryRun = new DryRun();

  /** The file whose contents change. */
  abstract Path file();

  /** How large it is afterwards. */
  abstract long sizeAfter(long before);

  /** What is done to the file, as a clause. */
  abstract String what();

  /** Makes the change; the files are those of {@link #mountedPaths}. */
  abstract void change(MountedChanges changes, List<InodeId> files);

  @Override
  public final boolean opensDevices() {
    return false;
  }

  @Override
  public final boolean offersJson() {
    return false;
  }

  @Override
  public final boolean needsWriteBack() {
    return !dryRun.isWanted();
  }

  @Override
  public final void beforeDaemon() throws IOException {
    sizeBefore = Files.size(file());
  }

  @Override
  public final void afterDaemon() throws IOException {
    if (!dryRun.isWanted()) {
      WriteBack.resized(file(), sizeAfter(sizeBefore));
    }
  }

  @Override
  public final int run(Invocation invocation) throws IOException {
    MountedHere here = MountedHere.required(invocation, file());
    MountedChanges changes = here.changesRequired(file());
    try {
      Namespace namespace = here.view().namespace();
      PathResolver resolver = new PathResolver(namespace, namespace.root());
      List<FileId> files = here.paths().stream().map(path -> resolver.resolve(path, true)).toList();
      List<InodeId> ids =
          files.stream().map(each -> new InodeId(each.subvolume(), each.inode())).toList();
      if (dryRun.isWanted()) {
        dryRun.say(invocation, what());
        return ExitCode.DONE;
      }
      changes.forgetContents(files.getLast());
      change(changes, ids);
      changes.tree().sync(ids.getLast());
      changes.forgetContents(files.getLast());
      return ExitCode.DONE;
    } catch (BcachefsException e) {
      return invocation.failedAt(file().toString(), e);
    }
  }
}
