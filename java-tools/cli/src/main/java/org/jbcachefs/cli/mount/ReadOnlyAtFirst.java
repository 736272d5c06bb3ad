// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.transport.FuseNotifier;

/**
 * One that is only read until somebody remounts it to be changed. Then it is opened anew as any
 * other that is changed, by the key that it has. Its devices are closed first: the kernel module
 * lends each of them once only. Thread-safe.
 */
final class ReadOnlyAtFirst implements MountedFilesystem {
  /** Opens it anew; key is empty where it is not encrypted. */
  interface Opening {
    ReadOnlyFilesystem read(Optional<KeySource> key) throws IOException;

    ChangeableFilesystem change(Optional<KeySource> key) throws IOException;
  }

  private final Opening opening;
  private final boolean quotas;
  private volatile MountedFilesystem now;
  private Session session;
  private SessionLog log;

  /**
   * Takes one that is open, and closes it.
   *
   * @param quotas whether writes will be refused where somebody has enough
   */
  ReadOnlyAtFirst(ReadOnlyFilesystem filesystem, boolean quotas, Opening opening) {
    this.now = filesystem;
    this.quotas = quotas;
    this.opening = opening;
  }

  @Override
  public Session session(InodeNumbers numbers, SessionLog sessionLog) {
    ReadOnlyFilesystem first = (ReadOnlyFilesystem) now;
    log = sessionLog;
    session =
        Session.readOnlyAtFirst(
            first.content().served(), numbers, log, System::nanoTime, InstantSource.system());
    return session;
  }

  @Override
  public synchronized ChangeableFilesystem makeChangeable() throws IOException {
    if (now instanceof ReadOnlyFilesystem readOnly) {
      BcachefsException[] failure = new BcachefsException[1];
      try {
        session.exchange(() -> exchange(readOnly.filesystem(), failure));
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      if (failure[0] != null) {
        throw failure[0];
      }
      now.changeable().orElseThrow().serve(session, log);
    }
    return now.changeable().orElseThrow();
  }

  private Session.Content exchange(ReadFilesystem before, BcachefsException[] failure) {
    Optional<FilesystemKey> key = before.key();
    before.close();
    try {
      try {
        ChangeableFilesystem changeable = opening.change(key.map(KeySource::of));
        now = changeable;
        return changeable.content();
      } catch (BcachefsException e) {
        failure[0] = e;
        ReadOnlyFilesystem again = opening.read(key.map(KeySource::of));
        now = again;
        return again.content();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public boolean mayBecomeChangeable() {
    return true;
  }

  @Override
  public Optional<ChangeableFilesystem> changeable() {
    return now.changeable();
  }

  @Override
  public FilesystemView view() {
    return now.view();
  }

  @Override
  public Optional<MountedChanges> changes(FuseNotifier notifier) {
    return now.changes(notifier);
  }

  @Override
  public MountedChecks checks(Session serving, FuseNotifier notifier) {
    return now.checks(serving, notifier);
  }

  @Override
  public boolean goesOnWithout(BlockDevice device, String why) {
    return now.goesOnWithout(device, why);
  }

  @Override
  public boolean hasQuotas() {
    return quotas;
  }

  @Override
  public UUID uuid() {
    return now.uuid();
  }

  @Override
  public String description() {
    return now.description();
  }

  @Override
  public void close() {
    now.close();
  }
}
