// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeCursor;
import org.jbcachefs.format.value.InodeField;

/**
 * What one snapshot's key says of an inode, and what was counted of it. Filled anew from inode to
 * inode.
 */
final class InodeVersion {
  private static final int DT_SHIFT = 12;

  /** Whether its snapshot is about to be deleted: then it counts for nothing but its ancestors. */
  boolean doomed;

  private static final InodeField[] OPTIONS =
      Arrays.stream(InodeOption.values()).map(InodeField::of).toArray(InodeField[]::new);

  /** False of whiteouts, which hide what ancestors have. */
  boolean isInode;

  long number;
  int snapshot;
  int mode;
  int flags;
  int strHash;
  long hashSeed;
  long size;
  long sectors;
  long nlink;
  long dir;
  long dirOffset;
  long subvolume;
  long parentSubvolume;
  long depth;
  long casefold;
  long journalSeq;

  /** Whether an option of its own is set. */
  boolean hasOptions;

  /** Sectors of the extents that it shows. */
  long countedSectors;

  /** Directory entries that lead to it, subdirectories' and subvolumes' left out. */
  long countedLinks;

  /** Of a directory: entries that it shows, and how many of them are subdirectories. */
  long countedEntries;

  long countedSubdirectories;

  /** The entry that it names leads to it. */
  boolean named;

  /** Other entries than the one it names that lead to it. */
  long others;

  long otherDir;
  long otherOffset;
  int otherSnapshot;

  /** A directory that leads to it lacks the flag for casefolded ones below, in some snapshot. */
  boolean parentUnmarked;

  void hide(Bkey key, boolean isDoomed) {
    reset(key, isDoomed);
    isInode = false;
    mode = 0;
    flags = 0;
    size = 0;
    sectors = 0;
    nlink = 0;
    subvolume = 0;
  }

  void set(Bkey key, InodeCursor cursor, boolean isDoomed) {
    reset(key, isDoomed);
    isInode = true;
    mode = cursor.mode();
    flags = cursor.flags();
    strHash = cursor.strHash();
    hashSeed = cursor.hashSeed();
    size = cursor.get(InodeField.SIZE);
    sectors = cursor.get(InodeField.SECTORS);
    nlink = cursor.get(InodeField.NLINK);
    dir = cursor.get(InodeField.DIR);
    dirOffset = cursor.get(InodeField.DIR_OFFSET);
    subvolume = cursor.get(InodeField.SUBVOL);
    parentSubvolume = cursor.get(InodeField.PARENT_SUBVOL);
    depth = cursor.get(InodeField.DEPTH);
    casefold = cursor.get(InodeField.CASEFOLD);
    journalSeq = cursor.journalSeq();
    hasOptions = false;
    for (InodeField option : OPTIONS) {
      hasOptions |= cursor.get(option) != 0;
    }
  }

  private void reset(Bkey key, boolean isDoomed) {
    number = key.offset();
    snapshot = key.snapshot();
    doomed = isDoomed;
    countedSectors = 0;
    countedLinks = 0;
    countedEntries = 0;
    countedSubdirectories = 0;
    named = false;
    others = 0;
    parentUnmarked = false;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  boolean unlinked() {
    return has(Inode.FLAG_UNLINKED);
  }

  int type() {
    return mode & Inode.TYPE_MASK;
  }

  boolean isDirectory() {
    return type() == Inode.TYPE_DIRECTORY;
  }

  /** Whether it may have extents. */
  boolean hasData() {
    return type() == Inode.TYPE_REGULAR || type() == Inode.TYPE_LINK;
  }

  boolean hasBackpointer() {
    return (dir | dirOffset) != 0;
  }

  boolean pointsTo(long directory, long offset) {
    return dir == directory && dirOffset == offset;
  }

  /** The type that entries which lead to it must have. */
  int direntType() {
    return subvolume != 0 ? Dirent.TYPE_SUBVOLUME : mode >>> DT_SHIFT & 0xf;
  }

  /** Whether its entries are under folded names. */
  boolean folds(boolean byDefault) {
    return casefold == 0 ? byDefault : casefold != 1;
  }

  Bpos pos() {
    return new Bpos(0, number, snapshot);
  }
}
