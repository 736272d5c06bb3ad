// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.cli.control.Remounting;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.fuse.mount.FuseMount;
import org.jbcachefs.fuse.mount.MountEntry;
import org.jbcachefs.fuse.mount.MountFlags;
import org.jbcachefs.fuse.session.AccessTimes;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;

/**
 * Remounts: by our command, or by somebody who told only the kernel, which does not tell FUSE.
 * Thread-safe.
 */
final class Remount implements Remounting {
  private final FuseMount mount;
  private final Session session;
  private final SessionLog log;

  /** Null where nothing can ever be changed. */
  private final ChangeableFilesystem filesystem;

  /** Whether it is read-only though the kernel knows nothing of it: only root can tell it. */
  private volatile boolean withoutKernel;

  Remount(FuseMount mount, Session session, MountedFilesystem filesystem, SessionLog log) {
    this.mount = mount;
    this.session = session;
    this.filesystem = filesystem instanceof ChangeableFilesystem changeable ? changeable : null;
    this.log = log;
  }

  /** Begins to follow what the kernel does. */
  void begin() {
    session.noteReads(mount.now().map(MountEntry::accessTimes).orElse(AccessTimes.NONE));
    session.onShut(this::reopened);
    try {
      mount.watch(this::follow);
    } catch (NativeException e) {
      log.warning("remounts are noticed only if they come by our command: " + e.getMessage());
    }
  }

  @Override
  public synchronized void remount(Map<String, String> words) throws IOException {
    OptionalLong errors = FilesystemWords.errors(words.get("errors"));
    MountFlags before =
        mount
            .now()
            .map(MountEntry::flags)
            .orElseThrow(() -> refused("not_mounted", "it is not mounted any more"));
    MountFlags wanted = (withoutKernel ? before.readOnly() : before).changedBy(words);
    if (filesystem == null && wanted.writable()) {
      throw refused(
          "read_only",
          "it was read-only when it was mounted; unmount it, and mount it to be changed");
    }
    try {
      change(before, wanted);
    } catch (NativeException e) {
      if (e.errno() == Errno.EBUSY) {
        throw refused("busy", "a file on it is open for writing");
      }
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    if (filesystem != null) {
      errors.ifPresent(filesystem::errors);
    }
    mount.now().map(MountEntry::accessTimes).ifPresent(session::noteReads);
  }

  private void change(MountFlags before, MountFlags wanted)
      throws NativeException, InterruptedException {
    if (filesystem != null && wanted.writable()) {
      boolean was = session.gate().isShut();
      filesystem.makeWritable();
      withoutKernel = false;
      mount.remount(wanted);
      tell(was, "read-write again");
      return;
    }
    boolean kernel = mount.remount(wanted);
    if (filesystem == null) {
      return;
    }
    boolean was = session.gate().isShut();
    try {
      withoutKernel = !kernel;
      filesystem.makeReadOnly(kernel);
    } catch (BcachefsException e) {
      withoutKernel = false;
      mount.remount(before);
      throw e;
    }
    tell(!was, "read-only from now on; its devices are as after unmounting");
  }

  private void tell(boolean changed, String what) {
    if (changed) {
      log.remark("remounted: " + what);
    }
  }

  /** The kernel's mounts have changed, ours perhaps among them. */
  private synchronized void follow(MountEntry now) {
    session.noteReads(now.accessTimes());
    if (filesystem == null) {
      return;
    }
    try {
      if (now.isReadOnly() && !session.gate().isShut() && !session.isEmergency()) {
        filesystem.makeReadOnly(true);
        tell(true, "read-only from now on; its devices are as after unmounting");
      } else if (!now.isReadOnly()) {
        boolean was = session.gate().isShut();
        tell(was && reopened(), "read-write again");
      }
    } catch (BcachefsException e) {
      log.warning("remounted read-only, but the devices are not at rest: " + e.sentence());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A change comes though nothing may be changed: whether the kernel was told otherwise. */
  private boolean reopened() {
    Optional<MountEntry> now = withoutKernel ? Optional.empty() : mount.now();
    return now.isPresent() && !now.get().isReadOnly() && session.gate().open();
  }

  private static RefusedException refused(String reason, String what) {
    return new RefusedException(reason, Place.NOWHERE, what);
  }
}
