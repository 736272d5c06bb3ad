// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * What a pass works with: the filesystem, its btrees seen through the journal, room for tables,
 * threads, and a place for findings. Thread-safe, but for {@link #scan} and {@link #report}, which
 * belong to the thread that runs the pass: workers of a scan report to the {@link Findings} that
 * they were made with.
 */
public final class CheckContext implements Findings {
  private final Check check;
  private final RecoveryPass pass;

  CheckContext(Check check, RecoveryPass pass) {
    this.check = check;
    this.pass = pass;
  }

  public ReadFilesystem filesystem() {
    return check.filesystem();
  }

  /** The btrees through the journal; keys that contradict the format by themselves are left out. */
  public Btrees btrees() {
    return check.filesystem().btrees();
  }

  public Superblock superblock() {
    return check.filesystem().superblock();
  }

  /** Whether the filesystem is of that version or a later one. */
  public boolean since(MetadataVersion version) {
    return superblock().version() >= version.number();
  }

  public int threads() {
    return check.options().threads();
  }

  /** What this pass may take for its tables, in bytes, besides btree nodes. */
  public long memoryBytes() {
    return check.options().memoryBytes();
  }

  /** What could not be read. */
  public Damaged damaged() {
    return check.damaged();
  }

  /** Something that passes share, made by the first one that asks. */
  public <T> T shared(Class<T> type, Supplier<T> maker) {
    return check.shared(type, maker);
  }

  /** What passes shared is not needed any more. */
  public void forget(Class<?> type) {
    check.forget(type);
  }

  @Override
  public void report(CheckFinding finding) {
    check.report(finding.by(pass));
  }

  /**
   * Looks through the leaf keys of a btree, its ranges side by side on all threads.
   *
   * @param workers makes what looks at one range; its findings are handed on in order of ranges
   * @return the workers, in order of ranges
   */
  public <W extends KeyWorker> List<W> scan(BtreeId btree, Function<Findings, W> workers) {
    return scan(btree.number(), 0, false, workers);
  }

  /** The same, with all keys of one inode field in one range. */
  public <W extends KeyWorker> List<W> scanInodes(BtreeId btree, Function<Findings, W> workers) {
    return scan(btree.number(), 0, true, workers);
  }

  /**
   * The same for any level of any btree; above 0 the keys are pointers to nodes.
   *
   * @param wholeInodes whether all keys of one inode field are to be in one range
   */
  public <W extends KeyWorker> List<W> scan(
      int btree, int level, boolean wholeInodes, Function<Findings, W> workers) {
    stage(BtreeId.nameOf(btree) + (level == 0 ? "" : " level " + level));
    return new KeyScan<>(this, btree, level, wholeInodes, workers).run();
  }

  /**
   * Sorts more records than fit in memory.
   *
   * @param longs in each record
   * @param keyLongs of them, from the first on, give the order, as unsigned numbers
   */
  public RecordSorter sorter(int longs, int keyLongs) {
    return new RecordSorter(longs, keyLongs, memoryBytes(), check.options().spill());
  }

  /** Says what the pass looks at now, where that is no scan. */
  public void stage(String what) {
    check.listener().stage(what);
  }

  /** More of the stage is done; any thread may say so. */
  public void progress(long items, double fraction) {
    check.listener().progress(items, fraction);
  }

  /** Reports what cannot be read, once, whoever meets it again. */
  public void unreadable(CorruptionException e, Findings findings) {
    if (check.firstTime(e)) {
      findings.report(CheckFinding.of(Finding.of(e)));
    }
  }

  /**
   * Leaf keys from one position to the other, both included, for one worker. What cannot be read is
   * reported to its findings, and passed over.
   */
  public CheckKeys keys(BtreeId btree, Bpos from, Bpos to, Findings findings) {
    return new CheckKeys(this, btree.number(), 0, from, to, findings);
  }

  /** The same for any level of any btree; above 0 the keys are pointers to nodes. */
  public CheckKeys keys(int btree, int level, Bpos from, Bpos to, Findings findings) {
    return new CheckKeys(this, btree, level, from, to, findings);
  }

  /** Takes up what reading may find as well: it is reported once. */
  public void heard(Finding finding) {
    check.heard(finding);
  }

  /** Runs tasks side by side on all threads; their results in order. */
  public <T> List<T> inParallel(List<Callable<T>> tasks) {
    return Tasks.run(check.pool(), tasks);
  }

  RecoveryPass pass() {
    return pass;
  }

  ExecutorService pool() {
    return check.pool();
  }

  void release(FindingBuffer findings) {
    findings.kept().forEach(this::report);
    findings.omitted().forEach((name, count) -> check.omitted(name, count));
  }
}
