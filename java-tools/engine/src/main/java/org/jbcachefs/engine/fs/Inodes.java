// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;

/** Inodes as snapshots see them. Thread-safe. */
public final class Inodes implements InodeSource {
  private static final int BTREE = BtreeId.INODES.number();

  /** Of inodes decoded last, a power of two. */
  private static final int KNOWN = 1024;

  private final Btrees btrees;
  private final SnapshotTable snapshots;

  /** Two threads may both put one here, which does no harm. */
  private final Known[] known = new Known[KNOWN];

  /**
   * An inode that was decoded.
   *
   * @param bytes memory that it was decoded from, which never changes
   * @param at byte of it at which the value begins
   */
  private record Known(MemorySegment bytes, long at, Inode inode) {
    boolean is(Bkey key) {
      return bytes.equals(key.segment()) && at == key.valueOffset();
    }
  }

  public Inodes(Btrees btrees, SnapshotTable snapshots) {
    this.btrees = btrees;
    this.snapshots = snapshots;
  }

  @Override
  public Optional<Inode> find(int snapshot, long number) {
    Bkey key = new Bkey();
    return VisibleKeys.find(btrees, snapshots, BTREE, snapshot, 0, number, key) && Inode.is(key)
        ? Optional.of(decoded(key))
        : Optional.empty();
  }

  /**
   * Keys that were changed not long ago have memory of their own, which is little to hold on to; a
   * node's is much.
   */
  private Inode decoded(Bkey key) {
    if (key.segment().isNative()) {
      return Inode.decode(key);
    }
    int place = Long.hashCode(key.offset()) & (KNOWN - 1);
    Known last = known[place];
    if (last == null || !last.is(key)) {
      last = new Known(key.segment(), key.valueOffset(), Inode.decode(key));
      known[place] = last;
    }
    return last.inode;
  }

  @Override
  public Inode get(FileId file) {
    return find(file.snapshot(), file.inode()).orElseThrow(() -> missing(file));
  }

  private static CorruptionException missing(FileId file) {
    boolean root = file.inode() == Inode.ROOT;
    return new CorruptionException(
        root ? "root_dir_missing" : "dirent_to_missing_inode",
        Place.structure("btree inodes").at(text(file)),
        "the " + (root ? "root directory's" : "file's") + " inode is missing");
  }

  private static String text(FileId file) {
    return Long.toUnsignedString(file.inode())
        + ":"
        + Integer.toUnsignedString(file.snapshot())
        + (file.subvolume() == 0 ? "" : " in subvolume " + file.subvolume());
  }
}
