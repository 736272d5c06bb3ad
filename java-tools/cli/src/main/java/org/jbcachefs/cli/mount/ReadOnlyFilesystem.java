// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.ServedFilesystem;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.transport.FuseNotifier;

/**
 * One that is only read.
 *
 * @param why the option that leaves no other way, or empty
 */
record ReadOnlyFilesystem(ReadFilesystem filesystem, String why) implements MountedFilesystem {
  @Override
  public Session session(InodeNumbers numbers, SessionLog log) {
    return Session.readOnly(content().served(), numbers, log, System::nanoTime);
  }

  /** What a session serves of it. */
  Session.Content content() {
    return new Session.Content(ServedFilesystem.of(filesystem), null);
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
  public boolean mayBecomeChangeable() {
    return false;
  }

  @Override
  public ChangeableFilesystem makeChangeable() {
    throw new RefusedException(
        "read_only",
        Place.NOWHERE,
        "it was mounted with " + why + ", and is read-only until it is unmounted");
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
