// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.PathFinder;
import org.jbcachefs.engine.journal.JournalCheck;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Finding.Severity;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.Accounting;
import org.jbcachefs.format.value.AccountingKey;
import org.jbcachefs.format.value.AccountingType;

/**
 * Reads every copy of everything that is live and checks it: superblocks, journal entries, btree
 * nodes, extents, stripes with their parity. Changes nothing. One use.
 *
 * <p>Threads take turns at fetching batches of keys, and read and check what these point to side by
 * side. Memory is bounded by the number of threads, whatever the size of the filesystem.
 */
public final class Verify {
  private static final int MOST_THREADS = 32;

  /** Damage that is shared by more files names only some of them. */
  private static final int MOST_PATHS = 16;

  private final DeviceSet devices;
  private final Btrees btrees;
  private final ExtentReader extents;
  private final ExtentDecoder decoder;
  private final BucketGenerations generations;
  private final PathFinder paths;
  private final VerifyListener listener;
  private final VerifySubject subject;
  private final FilesystemKey key;
  private final int threads;
  private final ReflinkOwners owners;
  private final VerifyTotals totals = new VerifyTotals();

  /**
   * Verification of that filesystem.
   *
   * @param threads how many may work at once, 1 at least
   */
  public Verify(VerifySubject subject, int threads, VerifyListener listener) {
    this.subject = subject;
    this.devices = subject.devices();
    this.btrees = subject.btrees();
    this.key = subject.key();
    this.extents = new ExtentReader(devices, btrees, key, finding -> {});
    this.decoder = new ExtentDecoder(key);
    this.generations = new BucketGenerations(btrees);
    this.paths = new PathFinder(btrees, subject.snapshots(), subject.subvolumes());
    this.owners = new ReflinkOwners(btrees, paths, MOST_PATHS);
    this.listener = listener;
    this.threads = Math.clamp(threads, 1, MOST_THREADS);
  }

  /** Does it all; what is wrong goes to the listener. */
  public VerifyTotals run() {
    listener.total(expectedBytes());
    totals.superblocks += SuperblockCheck.check(devices, this::report);
    JournalCheck.of(devices, key, threads).forEach(this::report);
    ExtentEntrySizes sizes = ExtentEntrySizes.of(devices.superblock()::extentTypeU64s);
    try (VerifyScan scan =
            new VerifyScan(btrees, subject.overlay(), subject.nodes(), sizes, this::report);
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(pool.submit(() -> work(scan)));
      }
      running.forEach(Verify::join);
    }
    owners.resolve(this::report);
    return totals;
  }

  /** Waits, and lets whatever ended the thread go on here. */
  private static void join(Future<?> running) {
    try {
      running.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void work(VerifyScan scan) {
    VerifyWorker worker =
        new VerifyWorker(devices, subject.nodes(), decoder, generations, listener::read);
    VerifyBatch batch = new VerifyBatch();
    while (scan.fill(batch)) {
      worker.check(batch);
      for (int i = 0; i < batch.keys(); i++) {
        judge(worker, batch.key(i));
      }
      batch.clear();
    }
    synchronized (totals) {
      totals.add(worker.totals());
    }
  }

  /** What the copies' fates mean for what the key stands for. */
  private void judge(VerifyWorker worker, VerifyKey checked) {
    if (checked.problems.isEmpty() && checked.good > 0) {
      return;
    }
    boolean stripe = checked.header.type() == KeyType.STRIPE.number();
    boolean lost;
    BcachefsException why = null;
    if (stripe) {
      lost = Integer.bitCount(checked.badBlocks) > checked.redundant;
    } else if (checked.isNode()) {
      lost = checked.good == 0;
    } else if (checked.good > 0) {
      lost = checked.poisoned;
    } else {
      why = whyLost(worker, checked);
      lost = why != null;
    }
    Severity severity = lost ? Severity.LOST : Severity.MENDED;
    for (Finding problem : checked.problems) {
      report(checked, new Finding(severity, problem.name(), problem.place(), problem.what()));
    }
    if (checked.problems.isEmpty() && lost && !stripe) {
      String what = why == null ? "no copy of the node is here" : why.getMessage();
      report(checked, new Finding("data_lost", ExtentDecoder.place(checked.header), what));
    }
  }

  private BcachefsException whyLost(VerifyWorker worker, VerifyKey checked) {
    Bkey whole = new Bkey();
    try {
      return btrees.lookup(checked.btree, checked.header.pos(), whole)
          ? worker.whyLost(extents, whole)
          : null;
    } catch (CorruptionException e) {
      return e;
    }
  }

  private void report(Finding finding) {
    report(Damage.of(finding));
  }

  private void report(VerifyKey checked, Finding finding) {
    Bkey header = checked.header;
    long start = header.start() << ExtentDecoder.SECTOR_SHIFT;
    long bytes = Integer.toUnsignedLong(header.size()) << ExtentDecoder.SECTOR_SHIFT;
    boolean data = checked.level == 0 && checked.btree == BtreeId.EXTENTS.number();
    Damage damage =
        new Damage(
            finding,
            checked.btree,
            checked.level,
            header.pos(),
            data ? start : -1,
            data ? bytes : 0,
            data ? paths(header) : List.of());
    if (checked.level > 0 || checked.btree != BtreeId.REFLINK.number() || !owners.defer(damage)) {
      report(damage);
    }
  }

  private List<byte[]> paths(Bkey header) {
    List<byte[]> found = new ArrayList<>();
    for (FileId file :
        paths.filesShowing(
            BtreeId.EXTENTS.number(),
            header.inode(),
            header.offset(),
            header.snapshot(),
            MOST_PATHS)) {
      paths.path(file).ifPresent(found::add);
    }
    return found;
  }

  private void report(Damage damage) {
    synchronized (listener) {
      listener.damage(damage);
    }
  }

  /** What the accounting says is live on members that are here; -1 if it cannot be read. */
  private long expectedBytes() {
    long sectors = 0;
    int version = devices.superblock().version();
    try (KeyIterator keys = btrees.iterate(BtreeId.ACCOUNTING.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey counted = keys.key();
        if (counted.type() == KeyType.ACCOUNTING.number()
            && AccountingKey.typeOf(counted, version) == AccountingType.DEV_DATA_TYPE.number()) {
          AccountingKey what = AccountingKey.of(counted.pos(), version);
          if (devices.device(what.number()) != null && isRead(what.dataType())) {
            sectors += Accounting.counter(counted, 1);
          }
        }
      }
    } catch (CorruptionException e) {
      // The damage is met again, and reported, where it is checked.
      return -1;
    }
    return sectors << ExtentDecoder.SECTOR_SHIFT;
  }

  private static boolean isRead(int dataType) {
    DataType type = DataType.of(dataType);
    return type == DataType.BTREE
        || type == DataType.USER
        || type == DataType.CACHED
        || type == DataType.PARITY
        || type == DataType.STRIPE;
  }
}
