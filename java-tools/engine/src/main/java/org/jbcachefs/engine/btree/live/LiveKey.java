// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/** A key that is in no bset yet: its own unpacked bytes. Immutable, thread-safe. */
public final class LiveKey {
  private static final int DELETED = KeyType.DELETED.number();

  private final long inode;
  private final long offset;
  private final int snapshot;
  private final int type;
  private final MemorySegment bytes;

  /** Of an interior key; two threads may both parse it, which does no harm. */
  private BtreePointer pointer;

  /** A copy of that key. */
  public LiveKey(Bkey key) {
    inode = key.inode();
    offset = key.offset();
    snapshot = key.snapshot();
    type = key.type();
    bytes = MemorySegment.ofArray(new long[(Bkey.BYTES + key.valueBytes()) / Long.BYTES]);
    key.writeUnpacked(bytes, 0);
  }

  /** A deletion of whatever is at that position. */
  public static LiveKey deletion(Bpos pos) {
    return new LiveKey(new Bkey().setPos(pos).setType(DELETED));
  }

  public Bpos pos() {
    return new Bpos(inode, offset, snapshot);
  }

  public int type() {
    return type;
  }

  public boolean isDeleted() {
    return type == DELETED;
  }

  /** Points the cursor at this key; allocates nothing. */
  public Bkey read(Bkey out) {
    return out.readUnpacked(bytes, 0);
  }

  /**
   * The pointer that this key of an interior node is.
   *
   * @param level of the node that it leads to
   */
  BtreePointer pointer(int btree, int level) {
    BtreePointer known = pointer;
    if (known == null) {
      known = BtreePointer.parse(btree, level, read(new Bkey()), Place.NOWHERE);
      pointer = known;
    }
    return known;
  }

  /**
   * Writes eight bytes of the value; only before anybody else can see the key.
   *
   * @param at byte of the value
   */
  public void putValueU64(int at, long word) {
    Le.putU64(bytes, (long) Bkey.BYTES + at, word);
  }

  /** Length in bytes, unpacked. */
  public int bytes() {
    return (int) bytes.byteSize();
  }

  int compareTo(long otherInode, long otherOffset, int otherSnapshot) {
    return Bpos.compare(inode, offset, snapshot, otherInode, otherOffset, otherSnapshot);
  }

  /** The same for the position of a key of a node; allocates nothing. */
  int compareTo(BtreeNode node, int index) {
    return -node.comparePosition(index, inode, offset, snapshot);
  }

  int compareTo(LiveKey other) {
    return compareTo(other.inode, other.offset, other.snapshot);
  }

  @Override
  public String toString() {
    return read(new Bkey()).toString();
  }
}
