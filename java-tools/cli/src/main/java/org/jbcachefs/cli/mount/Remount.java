// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
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
import org.jbcachefs.fuse.transport.FuseNotifier;

/**
 * Remounts: by our command, or by somebody who told only the kernel, which does not tell FUSE.
 * Thread-safe.
 */
final class Remount implements Remounting {
  private final FuseMount mount;
  private final Session session;
  private final SessionLog log;

  private final MountedFilesystem filesystem;

  /** Whether it is read-only though the kernel knows nothing of it: only root can tell it. */
  private volatile boolean withoutKernel;

  Remount(FuseMount mount, Session session, MountedFilesystem filesystem, SessionLog log) {
    this.mount = mount;
    this.session = session;
    this.filesystem = filesystem;
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
    MountFlags before = flags();
    MountFlags wanted = changed(before, words);
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
    errors.ifPresent(choice -> filesystem.changeable().ifPresent(now -> now.errors(choice)));
    mount.now().map(MountEntry::accessTimes).ifPresent(session::noteReads);
  }

  @Override
  public synchronized String wouldBe(Map<String, String> words) throws IOException {
    FilesystemWords.errors(words.get("errors"));
    MountFlags wanted = changed(flags(), words);
    if (wanted.writable() && !filesystem.writable()) {
      requireChangeable();
    }
    List<String> all = new ArrayList<>(wanted.words());
    if (wanted.writable()) {
      all.add("rw");
    }
    if (words.containsKey("errors")) {
      all.add("errors=" + words.get("errors"));
    }
    return String.join(",", all);
  }

  private MountFlags flags() throws IOException {
    return mount
        .now()
        .map(MountEntry::flags)
        .orElseThrow(() -> refused("not_mounted", "it is not mounted any more"));
  }

  private MountFlags changed(MountFlags before, Map<String, String> words) {
    return (withoutKernel ? before.readOnly() : before).changedBy(words);
  }

  private void change(MountFlags before, MountFlags wanted)
      throws IOException, InterruptedException {
    if (wanted.writable()) {
      boolean was = session.gate().isShut();
      boolean first = !filesystem.writable();
      if (first) {
        makeChangeable();
      }
      filesystem.makeChangeable().makeWritable();
      withoutKernel = false;
      mount.remount(wanted);
      tell(was, "read-write again");
      tell(first, "read-write: " + filesystem.description());
      return;
    }
    boolean kernel = mount.remount(wanted);
    Optional<ChangeableFilesystem> changeable = filesystem.changeable();
    if (changeable.isEmpty()) {
      return;
    }
    boolean was = session.gate().isShut();
    try {
      withoutKernel = !kernel;
      changeable.get().makeReadOnly(kernel);
    } catch (BcachefsException e) {
      withoutKernel = false;
      mount.remount(before);
      throw e;
    }
    tell(!was, "read-only from now on; its devices are as after unmounting");
  }

  /** It was mounted read-only, and is to be changed for the first time. */
  private void makeChangeable() throws IOException {
    requireChangeable();
    filesystem.makeChangeable();
    forgetContents();
  }

  private void requireChangeable() {
    if (filesystem.mayBecomeChangeable() && !mount.mayChange()) {
      throw refused(
          "old_kernel", "this kernel's FUSE is too old for a filesystem that can be changed");
    }
    if (filesystem.mayBecomeChangeable() && !mount.tellsKernel()) {
      throw refused(
          "not_root",
          "it was mounted read-only, and only root's daemon can tell the kernel otherwise; unmount"
              + " it, and mount it to be changed");
    }
  }

  /** What recovery carried on with may have changed files that the kernel has in its cache. */
  private void forgetContents() {
    FuseNotifier kernel = mount.notifier();
    session.eachKnown((node, _) -> {
      try {
        kernel.forgetInode(node, 0, 0);
      } catch (NativeException e) {
        log.warning("the kernel did not forget what it keeps of a file: " + e.getMessage());
      }
    });
  }

  private void tell(boolean changed, String what) {
    if (changed) {
      log.remark("remounted: " + what);
    }
  }

  /** The kernel's mounts have changed, ours perhaps among them. */
  private synchronized void follow(MountEntry now) {
    session.noteReads(now.accessTimes());
    Optional<ChangeableFilesystem> changeable = filesystem.changeable();
    if (changeable.isEmpty()) {
      if (!now.isReadOnly()) {
        becomeChangeable(now);
      }
      return;
    }
    try {
      if (now.isReadOnly() && !session.gate().isShut() && !session.isEmergency()) {
        changeable.get().makeReadOnly(true);
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

  /** Only the kernel was told; if it cannot be changed the kernel is told so. */
  private boolean becomeChangeable(MountEntry now) {
    try {
      makeChangeable();
      tell(true, "read-write: " + filesystem.description());
      return true;
    } catch (BcachefsException e) {
      log.warning("it cannot be changed, and stays read-only: " + e.sentence());
    } catch (IOException e) {
      log.warning("it cannot be changed, and stays read-only: " + e.getMessage());
    }
    try {
      mount.remount(now.flags().readOnly());
    } catch (NativeException e) {
      log.warning("the kernel takes it for read-write: " + e.getMessage());
    }
    return false;
  }

  /** A change comes though nothing may be changed: whether the kernel was told otherwise. */
  private boolean reopened() {
    if (!filesystem.writable()) {
      return reopenedFirst();
    }
    Optional<MountEntry> now = withoutKernel ? Optional.empty() : mount.now();
    return now.isPresent() && !now.get().isReadOnly() && session.gate().open();
  }

  /** The same where it was read-only from the beginning. */
  private synchronized boolean reopenedFirst() {
    Optional<MountEntry> now = mount.now();
    return filesystem.writable()
        || (now.isPresent() && !now.get().isReadOnly() && becomeChangeable(now.get()));
  }

  private static RefusedException refused(String reason, String what) {
    return new RefusedException(reason, Place.NOWHERE, what);
  }
}
