// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.fs;

import org.jbcachefs.engine.check.CheckContext;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.Findings;
import org.jbcachefs.engine.check.RecordSorter;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.value.ReflinkP;

/**
 * The extents of one inode after the other: they belong to a file, do not overlap in any snapshot,
 * end where the file does, and add up to its number of sectors.
 */
final class ExtentRules {
  private static final int SECTOR_SHIFT = 9;
  private static final long ALLOCATIONS =
      1L << KeyType.EXTENT.number()
          | 1L << KeyType.RESERVATION.number()
          | 1L << KeyType.REFLINK_P.number()
          | 1L << KeyType.INLINE_DATA.number()
          | 1L << KeyType.ERROR.number();
  private static final int WHITEOUT = KeyType.WHITEOUT.number();
  private static final int REFLINK_P = KeyType.REFLINK_P.number();
  private static final int EXTENT_WHITEOUT = KeyType.EXTENT_WHITEOUT.number();

  private final CheckContext context;
  private final Findings findings;
  private final KeyOwner owner;
  private final Seen seen;
  private final ExtentEnds ends;
  private final long blockBytes;
  private final ExtentEntrySizes sizes;
  private final ExtentEntries entries = new ExtentEntries();
  private final RecordSorter.Writer references;
  private InodeGroup group;
  private boolean any;

  /**
   * Rules for one range of inodes.
   *
   * @param references takes where references to shared extents begin and end
   */
  ExtentRules(
      CheckContext context,
      SnapshotTable snapshots,
      Findings findings,
      RecordSorter.Writer references) {
    this.context = context;
    this.findings = findings;
    this.references = references;
    this.owner = new KeyOwner(BtreeId.EXTENTS, context.damaged(), findings);
    this.seen = new Seen(snapshots);
    this.ends = new ExtentEnds(snapshots);
    this.blockBytes = context.superblock().blockBytes();
    this.sizes = ExtentEntrySizes.of(context.superblock()::extentTypeU64s);
  }

  /** The keys that come belong to that inode. */
  void begin(InodeGroup inode) {
    group = inode;
    owner.begin();
    ends.begin();
    any = false;
  }

  /** Notes a reference to a shared extent: whatever snapshot it is in, it holds the extent. */
  void reference(Bkey key) {
    if (key.type() == REFLINK_P) {
      ReferenceEvents.add(references, key, ReflinkP.decode(key));
    }
  }

  void key(Bkey key) {
    any = true;
    seen.update(key.inode(), key.offset(), key.snapshot());
    int index = owner.of(group, key);
    int type = key.type();
    if (type != WHITEOUT) {
      checkOverlap(key);
      ends.put(key, seen);
    }
    if (type == WHITEOUT || type == EXTENT_WHITEOUT) {
      return;
    }
    boolean allocation = (ALLOCATIONS >>> type & 1) != 0;
    for (int i = index < 0 ? group.count() - 1 : index; i >= 0; i--) {
      InodeVersion version = group.get(i);
      if (!version.doomed && isVisible(version, key)) {
        checkEnd(version, key);
        version.countedSectors += allocation && version.isInode ? key.size() : 0;
      }
    }
  }

  private boolean isVisible(InodeVersion version, Bkey key) {
    return Integer.compareUnsigned(version.snapshot, key.snapshot()) <= 0
        && seen.visible(version.snapshot, key.snapshot());
  }

  private void checkOverlap(Bkey key) {
    int other = ends.overlapped(key, seen);
    if (other >= 0) {
      findings.report(
          CheckFinding.of(FsckError.EXTENT_OVERLAPPING, "start, after the end of the one before")
              .at(BtreeId.EXTENTS, key)
              .expected(
                  "sector "
                      + Long.toUnsignedString(ends.end(other))
                      + " of snapshot "
                      + Integer.toUnsignedString(ends.snapshot(other)))
              .found("sector " + Long.toUnsignedString(key.start())));
    }
  }

  private void checkEnd(InodeVersion version, Bkey key) {
    long blocks = (version.size + blockBytes - 1) / blockBytes;
    long lastSector = (blocks * blockBytes) >>> SECTOR_SHIFT;
    if (Long.compareUnsigned(key.offset(), lastSector) <= 0 || isReservation(key)) {
      return;
    }
    if (!group.damaged(context)) {
      findings.report(
          CheckFinding.of(
                  FsckError.EXTENT_PAST_END_OF_INODE,
                  "end, of a file of "
                      + Long.toUnsignedString(version.size)
                      + " bytes in snapshot "
                      + Integer.toUnsignedString(version.snapshot))
              .at(BtreeId.EXTENTS, key)
              .expected("sector " + lastSector + " or before")
              .found("sector " + Long.toUnsignedString(key.offset())));
    }
  }

  private boolean isReservation(Bkey key) {
    return key.type() == KeyType.RESERVATION.number() || entries.isUnwritten(key, sizes);
  }

  /** All keys of the inode were there. */
  void end() {
    long inode = group.number();
    for (int i = 0; i < group.count(); i++) {
      InodeVersion version = group.get(i);
      boolean counts =
          version.isInode
              && !version.doomed
              && (any || version.hasData())
              && !version.has(org.jbcachefs.format.value.Inode.FLAG_I_SECTORS_DIRTY);
      if (counts && version.sectors != version.countedSectors && isWhole(inode)) {
        findings.report(
            CheckFinding.of(FsckError.INODE_I_SECTORS_WRONG, "sectors of its extents")
                .at(BtreeId.INODES, version.pos())
                .expected(version.countedSectors)
                .found(Long.toUnsignedString(version.sectors)));
      }
    }
  }

  private boolean isWhole(long inode) {
    return !context
        .damaged()
        .mayLack(BtreeId.EXTENTS.number(), Bpos.of(inode, 0), new Bpos(inode, -1, -1));
  }
}
