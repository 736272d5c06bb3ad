// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.node.BtreePointer;

/**
 * What a node holds at one moment: what is written, and what is not yet. Immutable, so that a
 * reader needs no lock, and a changed node is recognised by another content.
 */
public final class NodeContent {
  private final BtreeNode written;
  private final Tail tail;
  private final long writtenBytes;

  private NodeContent(BtreeNode written, Tail tail, long writtenBytes) {
    this.written = written;
    this.tail = tail;
    this.writtenBytes = writtenBytes;
  }

  /**
   * @param written the node's bsets; null of a node that was never written
   */
  public static NodeContent of(BtreeNode written, Tail tail) {
    return new NodeContent(written, tail, written == null ? 0 : bytesOfKeys(written));
  }

  private static long bytesOfKeys(BtreeNode node) {
    long bytes = 0;
    for (int i = 0; i < node.size(); i++) {
      bytes += 8L * Le.u8(node.decoded().bytes(), node.keyOffset(i));
    }
    return bytes;
  }

  /** The bsets; null of a node that was never written. */
  public BtreeNode written() {
    return written;
  }

  /** The keys that are in no bset. */
  public Tail tail() {
    return tail;
  }

  /** The most bytes that all keys take in a new node of the same format. */
  public long bytes() {
    return writtenBytes + tail.bytes();
  }

  /** The same without what is overwritten or deleted; takes as long as the tail has keys. */
  public long liveBytes() {
    long bytes = writtenBytes;
    Bkey found = new Bkey();
    for (int place = tail.first(); place != tail.end(); place = tail.next(place)) {
      LiveKey key = tail.get(place);
      bytes += key.isDeleted() ? 0 : key.bytes();
      Bpos pos = key.pos();
      int index =
          written == null ? 0 : written.lowerBound(pos.inode(), pos.offset(), pos.snapshot());
      boolean there =
          written != null
              && index < written.size()
              && written.read(index, found).comparePos(pos.inode(), pos.offset(), pos.snapshot())
                  == 0;
      bytes -= there ? 8L * Le.u8(written.decoded().bytes(), written.keyOffset(index)) : 0;
    }
    return bytes;
  }

  /** The same with a key added. */
  public NodeContent with(LiveKey key) {
    return new NodeContent(written, tail.with(key), writtenBytes);
  }

  /** The same bsets, another tail. */
  public NodeContent withTail(Tail other) {
    return new NodeContent(written, other, writtenBytes);
  }

  /** Reads the key at exactly that position; false if there is none. */
  public boolean lookup(long inode, long offset, int snapshot, Bkey out) {
    LiveKey unwritten = tail.find(inode, offset, snapshot);
    if (unwritten != null) {
      unwritten.read(out);
      return !unwritten.isDeleted();
    }
    if (written == null) {
      return false;
    }
    int index = written.lowerBound(inode, offset, snapshot);
    return index < written.size()
        && written.read(index, out).comparePos(inode, offset, snapshot) == 0;
  }

  /**
   * The first pointer at or after that position, of an interior node; null if there is none.
   *
   * @param btree number of the btree
   * @param level of the node that it leads to
   */
  public BtreePointer child(int btree, int level, Bpos pos) {
    int index = written == null ? 0 : written.lowerBound(pos);
    int size = written == null ? 0 : written.size();
    int place = tail.lowerBound(pos.inode(), pos.offset(), pos.snapshot());
    while (place != tail.end()) {
      LiveKey unwritten = tail.get(place);
      int order = -1;
      if (index < size) {
        order = unwritten.compareTo(written, index);
      }
      if (order > 0) {
        break;
      }
      if (!unwritten.isDeleted()) {
        return unwritten.pointer(btree, level);
      }
      place = tail.next(place);
      index += order == 0 ? 1 : 0;
    }
    return index < size ? written.pointerAt(index) : null;
  }

  /** Reads the first key at or after that position; false if there is none. */
  public boolean firstFrom(Bpos pos, Bkey out) {
    ContentCursor cursor = new ContentCursor(this, pos);
    if (!cursor.next()) {
      return false;
    }
    out.set(cursor.key());
    return true;
  }
}
