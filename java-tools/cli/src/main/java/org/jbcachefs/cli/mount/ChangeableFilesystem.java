// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.fuse.session.InodeNumbers;
import org.jbcachefs.fuse.session.ServedFilesystem;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;
import org.jbcachefs.fuse.session.TreeChanges;
import org.jbcachefs.fuse.transport.FuseNotifier;

/**
 * One that is changed. What was changed becomes durable within {@code journal_flush_delay}
 * milliseconds, by a thread that does what is due in the filesystem.
 */
final class ChangeableFilesystem implements MountedFilesystem {
  private static final long FLUSH_MILLIS = 1000;

  private final WritableFilesystem filesystem;
  private final WritableTree tree;
  private final CountDownLatch closing = new CountDownLatch(1);
  private Thread ticker;

  /** Written by the ticker alone, and read when that has ended. */
  private Thread cleaner;

  private Session session;

  /**
   * Takes one that is open, and closes it.
   *
   * @param findings told of copies of data that failed where another one did not
   */
  ChangeableFilesystem(WritableFilesystem filesystem, Consumer<Finding> findings) {
    this.filesystem = filesystem;
    this.tree = new WritableTree(filesystem, findings);
  }

  @Override
  public Session session(InodeNumbers numbers, SessionLog log) {
    session =
        Session.writable(
            ServedFilesystem.of(filesystem, tree),
            new TreeChanges(tree, filesystem.superblock().blockBytes()),
            numbers,
            log,
            System::nanoTime,
            InstantSource.system());
    long millis =
        filesystem.superblock().option(FilesystemOption.JOURNAL_FLUSH_DELAY).orElse(FLUSH_MILLIS);
    ticker = Thread.ofPlatform().name("tick").daemon().start(() -> tick(millis));
    return session;
  }

  private void tick(long millis) {
    try {
      while (!closing.await(millis, TimeUnit.MILLISECONDS)) {
        session.inBackground("what is due", filesystem::tick);
        if (tree.needsCleanUp() && (cleaner == null || !cleaner.isAlive())) {
          cleaner = Thread.ofPlatform().name("cleanup").daemon().start(this::cleanUp);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What deleted subvolumes have left; long work, beside the one that is due each second. */
  private void cleanUp() {
    session.inBackground("removal of deleted subvolumes", tree::cleanUp);
  }

  @Override
  public FilesystemView view() {
    return new MountedView(filesystem, tree::namespace);
  }

  @Override
  public Optional<MountedChanges> changes(FuseNotifier notifier) {
    return Optional.of(new ChangesOfCommands(filesystem, tree, session, notifier));
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public UUID uuid() {
    return filesystem.superblock().userUuid();
  }

  @Override
  public String description() {
    return MountText.of(filesystem.superblock(), filesystem.devices()) + ", read-write";
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      if (ticker != null) {
        ticker.join();
      }
      if (cleaner != null) {
        cleaner.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (session != null && session.isEmergency()) {
      filesystem.abandon();
    } else {
      filesystem.close();
    }
  }
}
