// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;

/**
 * A node of a snapshot tree; its id is the key's offset. Parents have higher ids than their
 * children. Source: {@code struct bch_snapshot}.
 *
 * @param flags see the FLAG_ constants
 * @param parent 0 for a tree's root
 * @param child0 the higher of the children's ids, 0 if none
 * @param child1 the lower of the children's ids, 0 if none
 * @param subvolume the subvolume that shows this snapshot, 0 if none does
 * @param tree key of its {@link SnapshotTree}
 * @param depth distance from the root
 * @param skip0 an ancestor, or 0; the three ascend
 * @param btimeLo time of creation, in units and from the base of inode times, low 64 bits
 * @param btimeHi its high 64 bits
 * @param state the state word of version 1.39, 0 before
 */
public record Snapshot(
    int flags,
    int parent,
    int child0,
    int child1,
    int subvolume,
    int tree,
    int depth,
    int skip0,
    int skip1,
    int skip2,
    long btimeLo,
    long btimeHi,
    int state,
    Shape shape)
    implements Value {
  public static final int BYTES = 64;

  /** Before version 1.39. */
  public static final int BYTES_WITHOUT_STATE = 56;

  public static final int MIN_BYTES = 24;
  public static final int OFFSET_FLAGS = 0;
  public static final int OFFSET_PARENT = 4;
  public static final int OFFSET_CHILDREN = 8;
  public static final int OFFSET_SUBVOL = 16;
  public static final int OFFSET_TREE = 20;
  public static final int OFFSET_DEPTH = 24;
  public static final int OFFSET_SKIP = 28;
  public static final int OFFSET_BTIME = 40;

  /** Since 1.39. */
  public static final int OFFSET_STATE = 56;

  /** The words of {@link #state}: any two differ in many bits. */
  public static final int STATE_LIVE = 0x757c47a2;

  public static final int STATE_WILL_DELETE = 0x3316a8d2;
  public static final int STATE_NO_KEYS = 0x372b5a01;
  public static final int STATE_DELETED = 0x7cd4a225;

  private static final int[] STATES = {STATE_LIVE, STATE_WILL_DELETE, STATE_NO_KEYS, STATE_DELETED};

  public static final int FLAG_WILL_DELETE = 1;
  public static final int FLAG_SUBVOL = 2;
  public static final int FLAG_DELETED = 4;
  public static final int FLAG_NO_KEYS = 8;

  public static Snapshot decode(Bkey key) {
    return new Snapshot(
        Shape.u32(key, OFFSET_FLAGS),
        Shape.u32(key, OFFSET_PARENT),
        Shape.u32(key, OFFSET_CHILDREN),
        Shape.u32(key, OFFSET_CHILDREN + 4),
        Shape.u32(key, OFFSET_SUBVOL),
        Shape.u32(key, OFFSET_TREE),
        Shape.u32(key, OFFSET_DEPTH),
        Shape.u32(key, OFFSET_SKIP),
        Shape.u32(key, OFFSET_SKIP + 4),
        Shape.u32(key, OFFSET_SKIP + 8),
        Shape.u64(key, OFFSET_BTIME),
        Shape.u64(key, OFFSET_BTIME + 8),
        Shape.u32(key, OFFSET_STATE),
        Shape.of(key));
  }

  /** A tombstone: nothing refers to it, it has no keys. */
  public boolean deleted() {
    return is(STATE_DELETED, FLAG_DELETED);
  }

  /** Its keys are being deleted. */
  public boolean willDelete() {
    return is(STATE_WILL_DELETE, FLAG_WILL_DELETE);
  }

  /** An interior node whose keys are gone. */
  public boolean noKeys() {
    return is(STATE_NO_KEYS, FLAG_NO_KEYS);
  }

  /**
   * Whether it should name a subvolume: one that is marked so, and since there are state words any
   * leaf whose word says that it is in use or about to go.
   */
  public boolean ofSubvolume() {
    return (state == STATE_LIVE || state == STATE_WILL_DELETE)
        ? child0 == 0
        : (flags & FLAG_SUBVOL) != 0;
  }

  /** The word that a state is meant to be, flipped bits mended; 0 if it is near none. */
  public static int nearestState(int state) {
    return StateWord.nearest(state, STATES);
  }

  /** The word that flags of versions before 1.39 stand for. */
  public static int stateOf(int flags) {
    if ((flags & FLAG_DELETED) != 0) {
      return STATE_DELETED;
    }
    if ((flags & FLAG_NO_KEYS) != 0) {
      return STATE_NO_KEYS;
    }
    return (flags & FLAG_WILL_DELETE) != 0 ? STATE_WILL_DELETE : STATE_LIVE;
  }

  /**
   * Whether it is of that state by what counts: the word where there is one, else the flags.
   *
   * @param word one of the STATE_ constants
   */
  public boolean isInState(int word) {
    int nearest = nearestState(state);
    return (nearest == 0 ? stateOf(flags) : nearest) == word;
  }

  /**
   * The same node in that state, as its flags say it.
   *
   * @param word one of the STATE_ constants; a node that is in use is marked as a subvolume's if it
   *     names one
   * @param withWord whether the word is written as well, as since 1.39; where the value has one
   *     already it is kept in step in any case
   */
  public Snapshot inState(int word, boolean withWord) {
    int kept = flags & ~(FLAG_WILL_DELETE | FLAG_SUBVOL | FLAG_DELETED | FLAG_NO_KEYS);
    int flag =
        switch (word) {
          case STATE_WILL_DELETE -> FLAG_WILL_DELETE;
          case STATE_NO_KEYS -> FLAG_NO_KEYS;
          case STATE_DELETED -> FLAG_DELETED;
          default -> subvolume != 0 ? FLAG_SUBVOL : 0;
        };
    Shape wanted = withWord ? shape.atLeast(BYTES) : shape;
    boolean has = wanted.bytes() >= BYTES && (withWord || state != 0);
    return new Snapshot(
        kept | flag,
        parent,
        child0,
        child1,
        subvolume,
        tree,
        depth,
        skip0,
        skip1,
        skip2,
        btimeLo,
        btimeHi,
        has ? word : state,
        wanted);
  }

  /** The same node with other links to nodes and a subvolume. */
  public Snapshot linked(int newParent, int newChild0, int newChild1, int newSubvolume) {
    return new Snapshot(
        flags,
        newParent,
        newChild0,
        newChild1,
        newSubvolume,
        tree,
        depth,
        skip0,
        skip1,
        skip2,
        btimeLo,
        btimeHi,
        state,
        shape);
  }

  /** The same node with another depth and skip list; the three ascend. */
  public Snapshot placed(int newDepth, int newSkip0, int newSkip1, int newSkip2) {
    return new Snapshot(
        flags, parent, child0, child1, subvolume, tree, newDepth, newSkip0, newSkip1, newSkip2,
        btimeLo, btimeHi, state, shape);
  }

  /** Where there is a state word, it says more than the flags. */
  private boolean is(int word, int flag) {
    int nearest = nearestState(state);
    return nearest == 0 ? (flags & flag) != 0 : nearest == word;
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    shape.putU32(out, at, OFFSET_FLAGS, flags);
    shape.putU32(out, at, OFFSET_PARENT, parent);
    shape.putU32(out, at, OFFSET_CHILDREN, child0);
    shape.putU32(out, at, OFFSET_CHILDREN + 4, child1);
    shape.putU32(out, at, OFFSET_SUBVOL, subvolume);
    shape.putU32(out, at, OFFSET_TREE, tree);
    shape.putU32(out, at, OFFSET_DEPTH, depth);
    shape.putU32(out, at, OFFSET_SKIP, skip0);
    shape.putU32(out, at, OFFSET_SKIP + 4, skip1);
    shape.putU32(out, at, OFFSET_SKIP + 8, skip2);
    shape.putU64(out, at, OFFSET_BTIME, btimeLo);
    shape.putU64(out, at, OFFSET_BTIME + 8, btimeHi);
    shape.putU32(out, at, OFFSET_STATE, state);
  }
}
