// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * One look through all inodes, directory entries, extents and xattrs, for all passes that are about
 * them: made by the first of them that runs. Directory entries come first and are noted down by
 * what they lead to; then all inodes are walked through with what belongs to each. Every btree is
 * read once, in order.
 */
final class FilesCheck {
  private static final int PIECES_PER_THREAD = 8;

  private final CheckContext context;
  private final SnapshotFacts facts;
  private final boolean casefoldDefault;
  private final FindingsByPass findings = new FindingsByPass();
  private final RecordSorter suspects;
  private final RecordSorter references;

  private FilesCheck(CheckContext context) {
    this.context = context;
    this.facts = SnapshotFacts.of(context);
    this.casefoldDefault = context.superblock().option(FilesystemOption.CASEFOLD).orElse(0) != 0;
    this.suspects = context.sorter(2, 2);
    this.references = context.sorter(ReferenceEvents.LONGS, ReferenceEvents.LONGS);
    try (RecordSorter links = context.sorter(LinkRecord.LONGS, LinkRecord.KEY_LONGS)) {
      SnapshotKeys direntSnapshots = readDirents(links);
      walk(links);
      direntSnapshots.report(findings.of(RecoveryPass.CHECK_DIRENTS));
    }
  }

  /** The look, taken by whichever pass asks first. */
  static FilesCheck of(CheckContext context) {
    return context.shared(FilesCheck.class, () -> new FilesCheck(context));
  }

  FindingsByPass findings() {
    return findings;
  }

  /** Directories that may be in a loop: number and snapshot. */
  RecordSorter suspects() {
    return suspects;
  }

  /** Where references to shared extents begin and end: see {@link ReferenceEvents}. */
  RecordSorter references() {
    return references;
  }

  private SnapshotKeys readDirents(RecordSorter links) {
    SnapshotKeys all = new SnapshotKeys(facts, BtreeId.DIRENTS);
    List<DirentWorker> workers =
        context.scanInodes(
            BtreeId.DIRENTS, _ -> new DirentWorker(context, facts, casefoldDefault, links));
    for (DirentWorker worker : workers) {
      findings.addAll(worker.findings());
      all.addAll(worker.snapshotKeys());
    }
    return all;
  }

  private void walk(RecordSorter links) {
    context.stage("inodes with extents and xattrs");
    List<Long> starts = starts();
    AtomicInteger done = new AtomicInteger();
    List<Callable<FileWalk>> tasks = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      long first = starts.get(i);
      long last = i + 1 < starts.size() ? starts.get(i + 1) - 1 : -1;
      tasks.add(() -> walk(first, last, links, done, starts.size()));
    }
    BtreeId[] btrees = {BtreeId.INODES, BtreeId.EXTENTS, BtreeId.XATTRS};
    SnapshotKeys[] all = new SnapshotKeys[btrees.length];
    for (int i = 0; i < btrees.length; i++) {
      all[i] = new SnapshotKeys(facts, btrees[i]);
    }
    for (FileWalk walk : context.inParallel(tasks)) {
      findings.addAll(walk.findings());
      for (int i = 0; i < all.length; i++) {
        all[i].addAll(walk.snapshotKeys()[i]);
      }
    }
    all[0].report(findings.of(RecoveryPass.CHECK_INODES));
    all[1].report(findings.of(RecoveryPass.CHECK_EXTENTS));
    all[2].report(findings.of(RecoveryPass.CHECK_XATTRS));
  }

  private FileWalk walk(long first, long last, RecordSorter links, AtomicInteger done, int pieces) {
    FileWalk walk = new FileWalk(context, facts, casefoldDefault, suspects, references);
    walk.run(
        first,
        last,
        links.sorted(first, last, context.threads()),
        items -> context.progress(items, (double) done.get() / pieces));
    context.progress(0, (double) done.incrementAndGet() / pieces);
    return walk;
  }

  /** The first inodes of ranges of about the same number of inodes; ascending, 0 first. */
  private List<Long> starts() {
    List<Long> starts = new ArrayList<>();
    starts.add(0L);
    try {
      int pieces = context.threads() == 1 ? 1 : context.threads() * PIECES_PER_THREAD;
      for (Bpos start : context.btrees().partition(BtreeId.INODES.number(), pieces)) {
        boolean later = Long.compareUnsigned(start.offset(), starts.getLast()) > 0;
        if (start.inode() == 0 && later) {
          starts.add(start.offset());
        }
      }
    } catch (CorruptionException e) {
      // The damage is met again, and reported, where keys are read.
      return List.of(0L);
    }
    return starts;
  }
}
