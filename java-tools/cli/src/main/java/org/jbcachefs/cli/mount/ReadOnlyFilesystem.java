// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.ServedFilesystem;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.transport.FuseNotifier;

/** One that is only read. */
record ReadOnlyFilesystem(ReadFilesystem filesystem) implements MountedFilesystem {
  @Override
  public Session session(InodeNumbers numbers, SessionLog log) {
    return Session.readOnly(ServedFilesystem.of(filesystem), numbers, log, System::nanoTime);
  }

  @Override
  public FilesystemView view() {
    return new MountedView(filesystem, filesystem::namespace);
  }

  @Override
  public Optional<MountedChanges> changes(FuseNotifier notifier) {
    return Optional.empty();
  }

  @Override
  public MountedChecks checks(Session session, FuseNotifier notifier) {
    return new ChecksOfCommands(
        null,
        filesystem.devices(),
        filesystem.key(),
        session,
        Optional.of(notifier),
        filesystem::namespace);
  }

  @Override
  public boolean writable() {
    return false;
  }

  @Override
  public UUID uuid() {
    return filesystem.superblock().userUuid();
  }

  @Override
  public String description() {
    return MountText.of(filesystem.superblock(), filesystem.devices()) + ", read-only";
  }

  @Override
  public void close() {
    filesystem.close();
  }
}
