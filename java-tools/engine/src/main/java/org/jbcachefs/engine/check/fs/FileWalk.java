// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.function.LongConsumer;
import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.SortedRecords;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Walks through a range of inodes: for each its versions, the directory entries that lead to it,
 * its extents and its xattrs, all read in order side by side. Belongs to one thread.
 */
final class FileWalk {
  private static final int INODES_PER_PROGRESS = 1 << 12;

  private final CheckContext context;
  private final SnapshotFacts facts;
  private final FindingsByPass byPass = new FindingsByPass();
  private final Findings unreadable = byPass.of(RecoveryPass.CHECK_INODES);
  private final InodeGroup group;
  private final SnapshotKeys inodeSnapshots;
  private final SnapshotKeys extentSnapshots;
  private final SnapshotKeys xattrSnapshots;
  private final LinkRules linkRules;
  private final ExtentRules extentRules;
  private final XattrRules xattrRules;
  private final MarkRules markRules;
  private final InodeRules inodeRules;
  private final NameRules nameRules;
  private final CasefoldRules casefoldRules;
  private final RecordSorter.Writer suspects;
  private final RecordSorter.Writer references;
  private KeyStream inodes;
  private KeyStream extents;
  private KeyStream xattrs;
  private KeyStream deleted;
  private KeyStream entries;
  private SortedRecords links;
  private boolean linksReady;

  /**
   * A walk over one range.
   *
   * @param casefoldDefault whether directories fold names that say nothing of it
   * @param suspects takes directories that may be in a loop
   * @param references takes where references to shared extents begin and end
   */
  FileWalk(
      CheckContext context,
      SnapshotFacts facts,
      boolean casefoldDefault,
      RecordSorter suspects,
      RecordSorter references) {
    this.context = context;
    this.facts = facts;
    this.suspects = suspects.writer();
    this.references = references.writer();
    this.group = new InodeGroup(facts);
    this.inodeSnapshots = new SnapshotKeys(facts, BtreeId.INODES);
    this.extentSnapshots = new SnapshotKeys(facts, BtreeId.EXTENTS);
    this.xattrSnapshots = new SnapshotKeys(facts, BtreeId.XATTRS);
    this.linkRules = new LinkRules(context, facts, byPass, this.suspects);
    Findings inExtents = byPass.of(RecoveryPass.CHECK_EXTENTS);
    this.extentRules = new ExtentRules(context, facts.snapshots(), inExtents, this.references);
    this.xattrRules = new XattrRules(context, facts, byPass.of(RecoveryPass.CHECK_XATTRS));
    this.markRules = new MarkRules(context, facts, byPass);
    this.inodeRules = new InodeRules(context, facts, byPass);
    this.nameRules = new NameRules(context, facts, byPass);
    this.casefoldRules = new CasefoldRules(context, facts, casefoldDefault, byPass);
  }

  FindingsByPass findings() {
    return byPass;
  }

  /** What was in snapshots that are gone: of inodes, extents and xattrs. */
  SnapshotKeys[] snapshotKeys() {
    return new SnapshotKeys[] {inodeSnapshots, extentSnapshots, xattrSnapshots};
  }

  /**
   * Walks through the inodes from {@code first} to {@code last}, both included, as unsigned
   * numbers.
   *
   * @param sortedLinks what leads to them
   * @param progress told of inodes that were looked at since the last call
   */
  void run(long first, long last, SortedRecords sortedLinks, LongConsumer progress) {
    links = sortedLinks;
    linksReady = links.next();
    try (KeyStream inodeKeys = stream(BtreeId.INODES, first, last);
        KeyStream extentKeys =
            new KeyStream(context, BtreeId.EXTENTS, first, last, unreadable)
                .telling(extentRules::reference)
                .withMoved(facts.moving());
        KeyStream xattrKeys = stream(BtreeId.XATTRS, first, last);
        KeyStream deletedKeys = stream(BtreeId.DELETED_INODES, first, last);
        KeyStream direntKeys = stream(BtreeId.DIRENTS, first, last)) {
      inodes = inodeKeys;
      extents = extentKeys;
      xattrs = xattrKeys;
      deleted = deletedKeys;
      entries = direntKeys;
      long count = 0;
      while (inodes.ready() || extents.ready() || xattrs.ready() || linksReady) {
        walk(nextInode());
        if (++count % INODES_PER_PROGRESS == 0) {
          progress.accept(INODES_PER_PROGRESS);
        }
      }
      progress.accept(count % INODES_PER_PROGRESS);
    }
    suspects.close();
    references.close();
  }

  private KeyStream stream(BtreeId btree, long first, long last) {
    return new KeyStream(context, btree, first, last, unreadable).withMoved(facts.moving());
  }

  private long nextInode() {
    long least = inodes.ready() ? inodes.inode() : -1;
    least = extents.ready() ? least(least, extents.inode()) : least;
    least = xattrs.ready() ? least(least, xattrs.inode()) : least;
    return linksReady ? least(least, links.get(LinkRecord.TARGET)) : least;
  }

  private static long least(long a, long b) {
    return Long.compareUnsigned(a, b) < 0 ? a : b;
  }

  private void walk(long inode) {
    group.begin(inode);
    for (; inodes.isAt(inode); inodes.advance()) {
      addVersion(inodes.key());
    }
    while (linksReady && links.get(LinkRecord.TARGET) == inode) {
      link();
    }
    extentRules.begin(group);
    for (; extents.isAt(inode); extents.advance()) {
      extent(extents.key());
    }
    xattrRules.begin(group);
    markRules.begin();
    for (; xattrs.isAt(inode); xattrs.advance()) {
      xattr(xattrs.key());
    }
    extentRules.end();
    for (int i = 0; i < group.count(); i++) {
      finish(i);
    }
  }

  private void addVersion(Bkey key) {
    inodeSnapshots.counts(key);
    try {
      group.add(key);
    } catch (CorruptionException e) {
      context.unreadable(e, unreadable);
    }
  }

  private void link() {
    linksReady = linkRules.next(links, group);
  }

  private void extent(Bkey key) {
    if (extentSnapshots.counts(key)) {
      extentRules.key(key);
    }
  }

  private void xattr(Bkey key) {
    if (xattrSnapshots.counts(key)) {
      try {
        markRules.xattr(key);
        xattrRules.key(key);
      } catch (CorruptionException e) {
        context.unreadable(e, unreadable);
      }
    }
  }

  private void finish(int index) {
    InodeVersion version = group.get(index);
    boolean listed = isOnDeletedList(version);
    if (!version.isInode || version.doomed) {
      return;
    }
    try {
      inodeRules.check(group, index, listed);
      markRules.check(version);
      casefoldRules.check(version);
      nameRules.check(group, index);
      checkEmptyDirectory(version);
    } catch (CorruptionException e) {
      // What it leads to cannot be read, which is a finding of its own.
      context.unreadable(e, unreadable);
    }
  }

  /** Directories with entries were looked at with these. */
  private void checkEmptyDirectory(InodeVersion version) {
    if (version.isDirectory() && version.nlink != 0 && !hasEntries(version.number)) {
      byPass.of(RecoveryPass.CHECK_DIRENTS).report(DirentWorker.wrongLinks(version, 0));
    }
  }

  private boolean hasEntries(long directory) {
    if (entries.ready() && Long.compareUnsigned(entries.inode(), directory) < 0) {
      entries.seek(directory);
    }
    return entries.isAt(directory)
        || context
            .damaged()
            .mayLack(BtreeId.DIRENTS.number(), Bpos.of(directory, 0), new Bpos(directory, -1, -1));
  }

  /** The list is in the same order as the inodes. */
  private boolean isOnDeletedList(InodeVersion version) {
    while (deleted.ready() && deleted.key().comparePos(0, version.number, version.snapshot) < 0) {
      deleted.advance();
    }
    return deleted.ready() && deleted.key().comparePos(0, version.number, version.snapshot) == 0;
  }
}
