// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.cli.control.MountedChecks;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.fuse.session.ErrorPolicy;
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

  /** How long to wait for changes that are under way. */
  private static final long PATIENCE_MILLIS = 10_000;

  /** How long lazytime keeps access times in memory: a day. */
  private static final long LAZY_NANOS = 24L * 3600 * 1_000_000_000;

  /** How long what was written to files stays in memory. */
  private static final long DELAY_MILLIS = 5000;

  /** How long work in the background goes on at a time; as long it rests then. */
  private static final long WORK_NANOS = 500_000_000;

  /** After so many rounds in which nothing could be done it is tried again. */
  private static final int ROUNDS_OF_REST = 60;

  /** What the shell makes of SIGABRT. */
  private static final int PANIC_CODE = 134;

  /** Enough to keep devices busy with small files. */
  private static final int FILES_AT_A_TIME = 8;

  private final WritableFilesystem filesystem;
  private final WritableTree tree;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile OptionalLong errors;
  private final boolean reconcile;
  private Thread ticker;

  /** Written by the ticker alone, and read when that has ended. */
  private Thread worker;

  private final Errand cleaning = new Errand("cleanup", this::cleanUp);
  private final Errand promoting = new Errand("promote", this::promote);
  private final Errand narrowing = new Errand("checksums", this::narrow);
  private final Errand writing = new Errand("writeback", this::writeMany);
  private final Errand nodes = new Errand("btree-nodes", this::writeNodes);
  private final AtomicInteger rest = new AtomicInteger();

  private Session session;

  /**
   * Takes one that is open, and closes it.
   *
   * @param errors the option of that name; empty for what the superblock says
   * @param reconcile whether work in the background is done
   * @param findings told of copies of data that failed where another one did not
   */
  ChangeableFilesystem(
      WritableFilesystem filesystem,
      OptionalLong errors,
      boolean reconcile,
      Consumer<Finding> findings) {
    this.reconcile = reconcile;
    this.filesystem = filesystem;
    this.errors = errors;
    this.tree = new WritableTree(filesystem, findings);
    tree.writeDelayedAtATime(FILES_AT_A_TIME);
    tree.whenMany(writing::wanted);
    filesystem.whenPartiallyRead(narrowing::wanted);
    filesystem.writeNodesElsewhere(nodes::wanted);
  }

  @Override
  public boolean writesPastCache() {
    return filesystem.devices().writesPastCache();
  }

  @Override
  public Session session(InodeNumbers numbers, SessionLog log) {
    Session.Content content = content();
    Session own =
        Session.writable(
            content.served(),
            content.changes(),
            numbers,
            log,
            System::nanoTime,
            InstantSource.system());
    serve(own, log);
    return own;
  }

  /** What a session serves of it. */
  Session.Content content() {
    return new Session.Content(
        ServedFilesystem.of(filesystem, tree),
        new TreeChanges(tree, filesystem.superblock().blockBytes()));
  }

  /** That session serves it from now on: what is due is done. Once. */
  void serve(Session serving, SessionLog log) {
    session = serving;
    filesystem.devices().health().tell(new DeviceFailures(filesystem.devices()::name, log));
    session.onErrors(this::errorPolicy, () -> Runtime.getRuntime().halt(PANIC_CODE));
    long stored = filesystem.options().value(FilesystemOption.JOURNAL_FLUSH_DELAY);
    long millis = stored != 0 ? stored : FLUSH_MILLIS;
    ticker = Thread.ofPlatform().name("tick").daemon().start(() -> tick(millis));
    errands().forEach(Errand::start);
  }

  /** What threads of their own do; nodes are written until the others have ended. */
  private List<Errand> errands() {
    return List.of(cleaning, promoting, narrowing, writing, nodes);
  }

  /** Writes while others go on, so that they need not when memory is full. */
  private void writeMany() {
    session.inBackground("writing of files", () -> tree.writeMany(this::goOn));
  }

  private void writeNodes() {
    session.inBackground("writing of btree nodes", filesystem::writeNodes);
  }

  private void tick(long millis) {
    int rounds = (int) Math.max(1, DELAY_MILLIS / Math.max(1, millis));
    MemoryUse memory = new MemoryUse();
    try {
      while (!closing.await(millis, TimeUnit.MILLISECONDS)) {
        session.inBackground("writing of access times", this::writeAccessTimes);
        session.inBackground("writing of files", () -> tree.writeDelayed(rounds));
        session.inBackground("what is due", filesystem::tick);
        memory.tick();
        if (tree.needsCleanUp()) {
          cleaning.wanted();
        }
        if (filesystem.hasPromotions()) {
          promoting.wanted();
        }
        if (reconcile && (worker == null || !worker.isAlive()) && rest.decrementAndGet() <= 0) {
          worker = Thread.ofPlatform().name("reconcile").daemon().start(this::reconcile);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What deleted subvolumes have left; long work, beside the one that is due each second. */
  private void cleanUp() {
    session.inBackground("removal of deleted subvolumes", () -> tree.cleanUp(this::goOn));
  }

  /** Cached copies of what was read. */
  private void promote() {
    session.inBackground("copying to promote_target", () -> filesystem.promote(this::goOn));
  }

  /** Checksums for the parts of extents that are left. */
  private void narrow() {
    session.inBackground(
        "checksums of parts of extents", () -> filesystem.narrowChecksums(this::goOn));
  }

  /** What extents and options ask for, for at most half of the time. */
  private void reconcile() {
    session.inBackground(
        "work in the background",
        () -> {
          if (filesystem.hasBackgroundWork()) {
            long end = System.nanoTime() + WORK_NANOS;
            long did = filesystem.reconcile(() -> goOn() && System.nanoTime() - end < 0);
            rest.set(did == 0 ? ROUNDS_OF_REST : 0);
          }
        });
  }

  private boolean goOn() {
    return closing.getCount() > 0 && !session.gate().isAwaited();
  }

  private void writeAccessTimes() {
    long until = Long.MAX_VALUE;
    if (session.accessTimes().lazy()) {
      Instant now = Instant.now();
      until = now.getEpochSecond() * 1_000_000_000L + now.getNano() - LAZY_NANOS;
    }
    tree.writeAccessTimes(until);
  }

  private ErrorPolicy errorPolicy() {
    OptionalLong given = errors;
    return ErrorPolicy.of(
        given.isPresent()
            ? given.getAsLong()
            : filesystem
                .superblock()
                .option(FilesystemOption.ERRORS)
                .orElse(FilesystemOption.ERRORS.defaultValue()));
  }

  /** From now on errors mean that. */
  void errors(long choice) {
    errors = OptionalLong.of(choice);
  }

  /** The session that serves it. */
  Session session() {
    return session;
  }

  /**
   * Nothing is changed any more, and the devices are as after the end.
   *
   * @param alone whether the kernel has seen to it that nobody has anything open that is changed
   * @throws RefusedException if somebody does
   */
  void makeReadOnly(boolean alone) throws InterruptedException {
    if (!session.gate().shut(() -> rest(alone), PATIENCE_MILLIS)) {
      throw busy("changes are under way");
    }
  }

  private void rest(boolean alone) {
    if (!alone && tree.anyNameless()) {
      throw busy("a file is open whose name is gone");
    }
    try {
      tree.close();
      filesystem.rest();
    } catch (BcachefsException e) {
      session.deviceLost("remount failed: " + e.sentence());
      throw e;
    }
  }

  private static RefusedException busy(String why) {
    return new RefusedException(
        "busy", Place.NOWHERE, "it cannot be made read-only at the moment: " + why);
  }

  /** It is changed again. */
  void makeWritable() {
    if (!session.gate().open()) {
      throw new RefusedException(
          "emergency",
          Place.NOWHERE,
          "it is read-only because something went wrong: unmount it and run fsck");
    }
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
  public MountedChecks checks(Session serving, FuseNotifier notifier) {
    return new ChecksOfCommands(
        filesystem,
        filesystem.devices(),
        filesystem.key(),
        serving,
        Optional.of(notifier),
        tree::namespace);
  }

  @Override
  public boolean goesOnWithout(BlockDevice device, String why) {
    DeviceSet devices = filesystem.devices();
    for (int index = 0; index < devices.size(); index++) {
      if (device.equals(devices.device(index))) {
        try {
          filesystem.deviceLost(index, why);
          return true;
        } catch (BcachefsException _) {
          return false;
        }
      }
    }
    return false;
  }

  @Override
  public Optional<ChangeableFilesystem> changeable() {
    return Optional.of(this);
  }

  @Override
  public boolean mayBecomeChangeable() {
    return true;
  }

  @Override
  public ChangeableFilesystem makeChangeable() {
    return this;
  }

  @Override
  public boolean hasQuotas() {
    return tree.quotas().areOn();
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
      if (worker != null) {
        worker.join();
      }
      for (Errand errand : errands()) {
        errand.end();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (session != null && (session.isEmergency() || session.gate().isShut())) {
      // Left as after a crash; or all is written already.
      filesystem.abandon();
    } else {
      filesystem.close();
    }
  }
}
