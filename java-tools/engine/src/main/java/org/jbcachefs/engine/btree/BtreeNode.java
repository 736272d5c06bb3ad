// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;

/**
 * A node in memory: its keys in order, each position once, deletions gone. Immutable and
 * thread-safe; keys read from it stay valid as long as their cursor or the node is held.
 */
public final class BtreeNode {
  private final BtreePointer pointer;
  private final DecodedNode decoded;
  private final MemorySegment bytes;
  private final BkeyFormat format;
  private final Bpos minKey;
  private final Bpos maxKey;
  private final int[] offsets;
  private final int size;
  private final Place place;

  /** Pointers already parsed, by index; two threads may both parse one, which does no harm. */
  private final BtreePointer[] pointers;

  BtreeNode(BtreePointer pointer, DecodedNode decoded, int[] offsets, int size, Place place) {
    this.pointer = pointer;
    this.decoded = decoded;
    this.bytes = decoded.bytes();
    this.format = decoded.format();
    this.minKey = decoded.minKey();
    this.maxKey = decoded.maxKey();
    this.offsets = offsets;
    this.size = size;
    this.place = place;
    this.pointers = new BtreePointer[pointer.level() > 0 ? size : 0];
  }

  /** A node of decoded bytes, its bsets merged. */
  public static BtreeNode of(BtreePointer pointer, DecodedNode decoded, Place place) {
    NodeMerge.Index index = NodeMerge.merge(decoded, pointer.rangeUpdated());
    return new BtreeNode(pointer, decoded, index.offsets(), index.size(), place);
  }

  /** A node that is on no device, of unpacked keys. */
  BtreeNode(BtreePointer pointer, MemorySegment bytes, int[] offsets) {
    this.pointer = pointer;
    this.decoded = null;
    this.bytes = bytes;
    this.format = BkeyFormat.FULL;
    this.minKey = pointer.minKey();
    this.maxKey = pointer.maxKey();
    this.offsets = offsets;
    this.size = offsets.length;
    this.place = Place.structure(pointer.nodeName());
    this.pointers = new BtreePointer[size];
  }

  public BtreePointer pointer() {
    return pointer;
  }

  /** Whether it was made up from what a scan found, and is on no device. */
  public boolean synthetic() {
    return decoded == null;
  }

  /** The node as it lies on the device: header, bsets, findings; null of a synthetic one. */
  public DecodedNode decoded() {
    return decoded;
  }

  /** Where the copy is that was read. */
  public Place place() {
    return place;
  }

  public int btree() {
    return pointer.btree();
  }

  public int level() {
    return pointer.level();
  }

  /** First position of its range. */
  public Bpos minKey() {
    return minKey;
  }

  /** Last position of its range. */
  public Bpos maxKey() {
    return maxKey;
  }

  /** Number of keys. */
  public int size() {
    return size;
  }

  /** Byte offset in the node of the key with that index. */
  public int keyOffset(int index) {
    return offsets[index];
  }

  /** Reads the key with that index; allocates nothing. */
  public Bkey read(int index, Bkey out) {
    return format.read(bytes, offsets[index], out);
  }

  /**
   * The pointer to a child, of a node above level 0.
   *
   * @throws CorruptionException if the key with that index is no valid pointer
   */
  public BtreePointer pointerAt(int index) {
    BtreePointer known = pointers[index];
    if (known == null) {
      Bkey key = read(index, new Bkey());
      known = BtreePointer.parse(btree(), level() - 1, key, place);
      pointers[index] = known;
    }
    return known;
  }

  /** How the position of the key with that index compares with another one; allocates nothing. */
  public int comparePosition(int index, long inode, long offset, int snapshot) {
    return format.comparePosition(bytes, offsets[index], inode, offset, snapshot);
  }

  /** Index of the first key at or after a position; {@link #size} if there is none. */
  public int lowerBound(long inode, long offset, int snapshot) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (format.comparePosition(bytes, offsets[middle], inode, offset, snapshot) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  public int lowerBound(Bpos pos) {
    return lowerBound(pos.inode(), pos.offset(), pos.snapshot());
  }

  /** Memory that the node holds, in bytes. */
  public long heldBytes() {
    MemorySegment memory = decoded == null ? bytes : decoded.room();
    return memory.byteSize() + 4L * offsets.length + 512;
  }

  @Override
  public String toString() {
    return pointer.nodeName() + " " + minKey() + " - " + maxKey() + ", " + size + " keys";
  }
}
