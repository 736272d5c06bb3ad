// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.control.ChangesNow;
import org.jbcachefs.cli.control.DaemonCommands;
import org.jbcachefs.fuse.control.ControlTransport;
import org.jbcachefs.fuse.control.ShimTransport;
import org.jbcachefs.fuse.control.SocketTransport;
import org.jbcachefs.fuse.mount.Background;
import org.jbcachefs.fuse.mount.FuseMount;
import org.jbcachefs.fuse.mount.IoFlusher;
import org.jbcachefs.fuse.mount.MountLock;
import org.jbcachefs.fuse.mount.MountPlan;
import org.jbcachefs.fuse.mount.SystemLog;
import org.jbcachefs.fuse.session.FindingLog;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.session.SwitchedLog;
import org.jbcachefs.fuse.transport.FuseNotifier;

/** Opens, mounts, serves until unmounted, closes. SIGTERM and SIGINT unmount. */
final class MountService {
  private static final long PATIENCE_SECONDS = 10;

  private final Invocation invocation;
  private final MountPlan plan;
  private final MountOpening opening;
  private final boolean uniqueInodes;
  private final boolean verbose;
  private final List<ControlTransport> controls = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  MountService(
      Invocation invocation,
      MountPlan plan,
      MountOpening opening,
      boolean uniqueInodes,
      boolean verbose) {
    this.invocation = invocation;
    this.plan = plan;
    this.opening = opening;
    this.uniqueInodes = uniqueInodes;
    this.verbose = verbose;
  }

  /** Returns when everything is closed. */
  void serve(boolean background) throws IOException, InterruptedException {
    SwitchedLog log = new SwitchedLog(SystemLog.stream(System.err));
    AtomicReference<MountLock> lock = new AtomicReference<>();
    DeviceNews news = new DeviceNews(log);
    invocation.devices().watch(news);
    try {
      try (MountedFilesystem filesystem = opening.open(plan.flags())) {
        boolean flushes = filesystem.mayBecomeChangeable() && IoFlusher.become();
        if (filesystem.mayBecomeChangeable() && !flushes && verbose) {
          invocation.note("without CAP_SYS_RESOURCE it may be slow when memory is short");
        }
        Session session = filesystem.session(numbers(), log);
        news.tell(filesystem, session);
        MountPlan own =
            filesystem.writable() ? plan : plan.readOnly(filesystem.mayBecomeChangeable());
        own = filesystem.hasQuotas() ? own.writeThrough() : own;
        // What goes past the page cache never waits for room in it, which others' pages may have.
        own = flushes || filesystem.writesPastCache() ? own.withManyDirtyPages() : own;
        FuseMount mounted = FuseMount.mount(own, session, log);
        session.tellKernelBy(mounted.notifier());
        Remount remount = new Remount(mounted, session, filesystem, log);
        remount.begin();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(mounted)));
        mounted
            .device()
            .flatMap(device -> MountLock.take(device, invocation.environment()))
            .ifPresent(lock::set);
        if (verbose) {
          invocation.note(plan.directory() + ": served through " + mounted.description());
        }
        control(filesystem, session, mounted, remount, lock.get(), log);
        settle(log, background);
        log.remark("mounted: " + filesystem.description() + "; " + mounted.description());
        mounted.awaitUnmount();
        closeControl();
        session.end();
      }
      log.remark("unmounted, and its devices are closed");
    } finally {
      closeControl();
      if (lock.get() != null) {
        lock.get().close();
      }
      closed.countDown();
    }
  }

  /** Commands reach the daemon where its lock is, and through the kernel module. */
  private void control(
      MountedFilesystem filesystem,
      Session session,
      FuseMount mounted,
      Remount remount,
      MountLock lock,
      SessionLog log)
      throws IOException {
    if (lock != null) {
      try {
        controls.add(
            SocketTransport.open(
                lock.directory(), mounted.device().orElseThrow(), filesystem.uuid(), log::warning));
      } catch (IOException e) {
        log.warning("commands cannot reach this mount: " + e.getMessage());
      }
    }
    ShimTransport.open(filesystem.uuid(), "", plan.source(), user(), log::warning)
        .ifPresent(controls::add);
    if (!controls.isEmpty()) {
      FuseNotifier notifier = mounted.notifier();
      DaemonCommands commands =
          new DaemonCommands(
              filesystem::view,
              () -> new ChangesNow(filesystem.changes(notifier), session.gate()),
              () -> filesystem.checks(session, notifier),
              remount,
              log);
      controls.forEach(control -> control.start(commands));
    }
  }

  /** Whose process this is. */
  private static int user() throws IOException {
    return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  private void closeControl() {
    controls.forEach(ControlTransport::close);
    controls.clear();
  }

  private InodeNumbers numbers() {
    return uniqueInodes ? InodeNumbers.UNIQUE : InodeNumbers.AS_KERNEL;
  }

  /** From here on nobody watches: leaves the terminal, and tells syslog what there is to tell. */
  private void settle(SwitchedLog log, boolean background) throws IOException {
    if (background) {
      log.switchTo(SystemLog.syslog(plan.directory().toString()));
      Background.detach();
    }
    opening.tellFindingsTo(new FindingLog(log, System::nanoTime));
  }

  private void stop(FuseMount mounted) {
    if (closed.getCount() == 0) {
      return;
    }
    mounted.unmount();
    try {
      if (closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
      // Somebody still uses what was detached: ends their access, so that all ends cleanly.
      mounted.abort();
      boolean inTime = closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assert inTime || closed.getCount() > 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
