// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.FindingsByPass;
import org.jbcachefs.engine.check.KeyWorker;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.check.snapshots.SnapshotFacts;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.RecoveryPass;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.Subvolume;

/**
 * Directory entries from their directories' side: each belongs to a directory, is where its name's
 * hash leads, and subdirectories add up to the directory's link count. Notes down what each leads
 * to.
 */
final class DirentWorker implements KeyWorker {
  private static final int DIRENT = KeyType.DIRENT.number();
  private static final int WHITEOUT = KeyType.WHITEOUT.number();

  private final CheckContext context;
  private final SnapshotFacts facts;
  private final boolean casefoldDefault;
  private final FindingsByPass byPass = new FindingsByPass();
  private final Findings findings = byPass.of(RecoveryPass.CHECK_DIRENTS);
  private final SnapshotKeys snapshotKeys;
  private final Seen seen;
  private final KeyOwner owner;
  private final NameHashes hashes;
  private final InodeGroup directory;
  private final SubvolumeEntries subvolumeEntries;
  private final RecordSorter.Writer links;
  private final MovedKeys moved;
  private final long[] record = new long[LinkRecord.LONGS];
  private KeyStream inodes;
  private long greatestDepth;
  private boolean unmarked;

  DirentWorker(
      CheckContext context, SnapshotFacts facts, boolean casefoldDefault, RecordSorter links) {
    this.context = context;
    this.facts = facts;
    this.casefoldDefault = casefoldDefault;
    this.snapshotKeys = new SnapshotKeys(facts, BtreeId.DIRENTS);
    this.seen = new Seen(facts.snapshots());
    this.owner = new KeyOwner(BtreeId.DIRENTS, context.damaged(), findings);
    this.hashes = new NameHashes(BtreeId.DIRENTS, context.btrees(), facts.snapshots(), findings);
    this.directory = new InodeGroup(facts);
    this.subvolumeEntries = new SubvolumeEntries(facts, findings);
    this.links = links.writer();
    this.moved = new MovedKeys(facts.moving(), this::look);
  }

  FindingsByPass findings() {
    return byPass;
  }

  SnapshotKeys snapshotKeys() {
    return snapshotKeys;
  }

  @Override
  public void key(Bkey key) {
    moved.add(key);
  }

  private void look(Bkey key) {
    if (!snapshotKeys.counts(key)) {
      return;
    }
    seen.update(key.inode(), key.offset(), key.snapshot());
    if (key.type() == WHITEOUT) {
      return;
    }
    if (inodes == null || directory.number() != key.inode()) {
      finishDirectory();
      beginDirectory(key.inode());
    }
    int index = owner.of(directory, key);
    InodeVersion version = index < 0 ? null : directory.get(index);
    if (key.type() != DIRENT) {
      return;
    }
    boolean found = version == null || !version.isInode || isWellPlaced(version, key);
    int type = Dirent.type(key);
    if (type == Dirent.TYPE_SUBVOLUME) {
      subvolumeEntries.check(key);
    }
    noteLink(key, type);
    if (found) {
      count(key, type);
    }
  }

  private void beginDirectory(long inode) {
    if (inodes == null) {
      inodes =
          new KeyStream(context, BtreeId.INODES, inode, -1, findings).withMoved(facts.moving());
    } else {
      inodes.seek(inode);
    }
    owner.begin();
    directory.begin(inode);
    greatestDepth = 0;
    unmarked = false;
    while (inodes.isAt(inode)) {
      directory.add(inodes.key());
      inodes.advance();
    }
    for (int i = 0; i < directory.count(); i++) {
      InodeVersion version = directory.get(i);
      greatestDepth = Math.max(greatestDepth, version.depth);
      unmarked |= version.isInode && !version.has(Inode.FLAG_HAS_CASE_INSENSITIVE);
    }
  }

  private boolean isWellPlaced(InodeVersion version, Bkey key) {
    if (!hashes.check(version, key)) {
      return false;
    }
    boolean folds = version.folds(casefoldDefault);
    if (Dirent.isFolded(key) != folds) {
      findings.report(
          CheckFinding.of(
                  FsckError.DIRENT_CASEFOLD_MISMATCH, "a name, in a directory that folds them")
              .at(BtreeId.DIRENTS, key)
              .expected(folds ? "a folded name" : "no folded name")
              .found(folds ? "none" : "one"));
    }
    return true;
  }

  private void noteLink(Bkey key, int type) {
    int child = 0;
    long target = Dirent.target(key);
    if (type == Dirent.TYPE_SUBVOLUME) {
      child = (int) target;
      Subvolume subvolume = facts.subvolumes().get(child);
      if (subvolume == null) {
        return;
      }
      target = subvolume.inode();
    }
    record[LinkRecord.TARGET] = target;
    record[LinkRecord.DIRECTORY] = key.inode();
    record[LinkRecord.OFFSET] = key.offset();
    record[LinkRecord.SNAPSHOT] = LinkRecord.snapshot(key.snapshot(), 0);
    record[LinkRecord.INFO] = LinkRecord.info(type, greatestDepth, unmarked, child);
    links.add(record, 0);
    noteHiders(key.snapshot());
  }

  /** Descendants' keys at the same position came before. */
  private void noteHiders(int snapshot) {
    int number = 0;
    int held = 0;
    for (int i = 0; i < seen.count() - 1; i++) {
      if (facts.snapshots().isAncestor(seen.id(i), snapshot)) {
        if (held == 0) {
          held = seen.id(i);
        } else {
          addHiders(snapshot, ++number, held, seen.id(i));
          held = 0;
        }
      }
    }
    if (held != 0) {
      addHiders(snapshot, ++number, held, 0);
    }
  }

  private void addHiders(int snapshot, int number, int first, int second) {
    record[LinkRecord.SNAPSHOT] = LinkRecord.snapshot(snapshot, number);
    record[LinkRecord.INFO] = LinkRecord.hiders(first, second);
    links.add(record, 0);
  }

  private void count(Bkey key, int type) {
    for (int i = 0; i < directory.count(); i++) {
      InodeVersion version = directory.get(i);
      boolean sees =
          Integer.compareUnsigned(version.snapshot, key.snapshot()) <= 0
              && seen.visible(version.snapshot, key.snapshot());
      if (sees) {
        version.countedSubdirectories += type == Dirent.TYPE_DIRECTORY ? 1 : 0;
        version.countedEntries += type == Dirent.TYPE_SUBVOLUME ? 0 : 1;
      }
    }
  }

  private void finishDirectory() {
    for (int i = 0; inodes != null && i < directory.count(); i++) {
      InodeVersion version = directory.get(i);
      if (version.isInode && version.isDirectory() && !version.doomed) {
        finish(version);
      }
    }
  }

  private void finish(InodeVersion version) {
    if (version.unlinked() && version.countedEntries > 0) {
      byPass
          .of(RecoveryPass.CHECK_INODES)
          .report(
              CheckFinding.of(
                      FsckError.INODE_DIR_UNLINKED_BUT_NOT_EMPTY,
                      "entries of an unlinked directory")
                  .at(BtreeId.INODES, version.pos())
                  .expected(0)
                  .found(version.countedEntries));
    }
    Bpos from = Bpos.of(version.number, 0);
    Bpos to = new Bpos(version.number, -1, -1);
    boolean wrong = version.nlink != version.countedSubdirectories;
    if (wrong && !context.damaged().mayLack(BtreeId.DIRENTS.number(), from, to)) {
      findings.report(wrongLinks(version, version.countedSubdirectories));
    }
  }

  static CheckFinding wrongLinks(InodeVersion version, long subdirectories) {
    return CheckFinding.of(FsckError.INODE_DIR_WRONG_NLINK, "link count of a directory")
        .at(BtreeId.INODES, version.pos())
        .expected(subdirectories + 2)
        .found(version.nlink + 2);
  }

  @Override
  public void end() {
    moved.end();
    finishDirectory();
    links.close();
    if (inodes != null) {
      inodes.close();
    }
  }
}
