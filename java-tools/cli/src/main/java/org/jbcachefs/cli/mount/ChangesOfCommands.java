// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.transport.FuseNotifier;

/** Changes that do not come through the kernel, which is told of them. */
record ChangesOfCommands(
    WritableFilesystem filesystem, WritableTree tree, Session session, FuseNotifier notifier)
    implements MountedChanges {
  @Override
  public void changed(FileId directory, byte[] name) {
    long node = session.knownNode(directory);
    if (node == 0) {
      return;
    }
    try {
      notifier.forgetEntry(node, name);
      notifier.forgetInode(node, 0, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void forgetContents(FileId file) {
    long node = session.knownNode(file);
    if (node == 0) {
      return;
    }
    try {
      notifier.forgetInode(node, 0, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
