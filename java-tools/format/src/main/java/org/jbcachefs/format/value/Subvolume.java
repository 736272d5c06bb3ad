// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A subvolume: which snapshot it shows and which inode is its root. Source: {@code struct
 * bch_subvolume}.
 *
 * @param flags see {@link #readOnly}, {@link #isSnapshot}, {@link #unlinked}
 * @param snapshot the snapshot id whose keys it shows, unsigned
 * @param inode its root directory
 * @param creationParent the subvolume it was made from, if it is a snapshot; else 0
 * @param fsPathParent the subvolume of the directory that holds it; 0 for the root subvolume
 * @param otimeLo time of creation, in units and from the base of inode times, low 64 bits
 * @param otimeHi its high 64 bits
 * @param state the state word of version 1.39, 0 before
 */
public record Subvolume(
    int flags,
    int snapshot,
    long inode,
    int creationParent,
    int fsPathParent,
    long otimeLo,
    long otimeHi,
    int state,
    Shape shape)
    implements Value {
  public static final int BYTES = 48;

  /** Before version 1.39. */
  public static final int BYTES_WITHOUT_STATE = 40;

  public static final int MIN_BYTES = 16;
  public static final int OFFSET_FLAGS = 0;
  public static final int OFFSET_SNAPSHOT = 4;
  public static final int OFFSET_INODE = 8;
  public static final int OFFSET_CREATION_PARENT = 16;
  public static final int OFFSET_FS_PATH_PARENT = 20;
  public static final int OFFSET_OTIME = 24;

  /** Since 1.39. */
  public static final int OFFSET_STATE = 40;

  /** The words of {@link #state}: any two differ in many bits. */
  public static final int STATE_LIVE = 0x4ad5447e;

  public static final int STATE_UNLINKED = 0x2d358e8f;
  public static final int STATE_DELETED = 0x3c6b2d4c;

  private static final int[] STATES = {STATE_LIVE, STATE_UNLINKED, STATE_DELETED};

  public static final int FLAG_RO = 1;
  public static final int FLAG_SNAP = 2;
  public static final int FLAG_UNLINKED = 4;

  /** The subvolume whose root directory is the filesystem's. */
  public static final int ROOT = 1;

  public static Subvolume decode(Bkey key) {
    return new Subvolume(
        Shape.u32(key, OFFSET_FLAGS),
        Shape.u32(key, OFFSET_SNAPSHOT),
        Shape.u64(key, OFFSET_INODE),
        Shape.u32(key, OFFSET_CREATION_PARENT),
        Shape.u32(key, OFFSET_FS_PATH_PARENT),
        Shape.u64(key, OFFSET_OTIME),
        Shape.u64(key, OFFSET_OTIME + 8),
        Shape.u32(key, OFFSET_STATE),
        Shape.of(key));
  }

  public boolean readOnly() {
    return (flags & FLAG_RO) != 0;
  }

  public boolean isSnapshot() {
    return (flags & FLAG_SNAP) != 0;
  }

  /** The word that a state is meant to be, flipped bits mended; 0 if it is near none. */
  public static int nearestState(int state) {
    return StateWord.nearest(state, STATES);
  }

  /** The word that flags of versions before 1.39 stand for. */
  public static int stateOf(int flags) {
    return (flags & FLAG_UNLINKED) != 0 ? STATE_UNLINKED : STATE_LIVE;
  }

  /** A tombstone: all that is left of it, until its snapshot is gone as well. Since 1.39. */
  public boolean tombstone() {
    return nearestState(state) == STATE_DELETED;
  }

  /** The same with another root directory. */
  public Subvolume withInode(long number) {
    return new Subvolume(
        flags, snapshot, number, creationParent, fsPathParent, otimeLo, otimeHi, state, shape);
  }

  /**
   * The same subvolume in that state, as its flags say it.
   *
   * @param word one of the STATE_ constants
   * @param withWord whether the word is written as well, as since 1.39; where the value has one
   *     already it is kept in step in any case
   */
  public Subvolume inState(int word, boolean withWord) {
    int newFlags = word == STATE_LIVE ? flags & ~FLAG_UNLINKED : flags | FLAG_UNLINKED;
    Shape wanted = withWord ? shape.atLeast(BYTES) : shape;
    boolean has = wanted.bytes() >= BYTES && (withWord || state != 0);
    return new Subvolume(
        newFlags,
        snapshot,
        inode,
        creationParent,
        fsPathParent,
        otimeLo,
        otimeHi,
        has ? word : state,
        wanted);
  }

  /** The same subvolume, shown by another snapshot. */
  public Subvolume showing(int newSnapshot) {
    return new Subvolume(
        flags, newSnapshot, inode, creationParent, fsPathParent, otimeLo, otimeHi, state, shape);
  }

  /** The same subvolume with other parents. */
  public Subvolume below(int newCreationParent, int newFsPathParent) {
    return new Subvolume(
        flags, snapshot, inode, newCreationParent, newFsPathParent, otimeLo, otimeHi, state, shape);
  }

  /** Deleted; its keys may be there still. Where there is a state word, it decides. */
  public boolean unlinked() {
    int nearest = nearestState(state);
    return nearest == 0 ? (flags & FLAG_UNLINKED) != 0 : nearest != STATE_LIVE;
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_FLAGS, flags);
    shape.putU32(out, at, OFFSET_SNAPSHOT, snapshot);
    shape.putU64(out, at, OFFSET_INODE, inode);
    shape.putU32(out, at, OFFSET_CREATION_PARENT, creationParent);
    shape.putU32(out, at, OFFSET_FS_PATH_PARENT, fsPathParent);
    shape.putU64(out, at, OFFSET_OTIME, otimeLo);
    shape.putU64(out, at, OFFSET_OTIME + 8, otimeHi);
    shape.putU32(out, at, OFFSET_STATE, state);
  }
}
