// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.engine.journal.write.JournalPins;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.node.BtreePointer;

/**
 * A node in memory: its range, which never changes, and its content at the moment. Anyone may read
 * the content at any time; everything else belongs to whoever holds the commit lock.
 */
public final class LiveNode {
  private final int btree;
  private final int level;
  private final Bpos min;
  private final Bpos max;
  private volatile NodeContent content;
  private volatile long lastUse;

  private BtreePointer pointer;
  private long oldestSeq;
  private long oldestSeqSinceWrite;
  private long newestSeq;
  private boolean busy;
  private boolean replaced;
  private int deletionsSeen;
  private boolean zeroed;

  /**
   * @param pointer where it is written; null if it was never written
   */
  public LiveNode(
      int btree, int level, Bpos min, Bpos max, BtreePointer pointer, NodeContent content) {
    this.btree = btree;
    this.level = level;
    this.min = min;
    this.max = max;
    this.pointer = pointer;
    this.content = content;
  }

  public int btree() {
    return btree;
  }

  /** 0 of leaves. */
  public int level() {
    return level;
  }

  /** First position of its range. */
  public Bpos min() {
    return min;
  }

  /** Last position of its range. */
  public Bpos max() {
    return max;
  }

  /** What it holds now. */
  public NodeContent content() {
    return content;
  }

  void used(long when) {
    if (lastUse != when) {
      lastUse = when;
    }
  }

  long lastUse() {
    return lastUse;
  }

  /** Where it is written, and how far; null if it never was. */
  public BtreePointer pointer() {
    return pointer;
  }

  /** Whether nobody but readers may use it any more: other nodes took its place. */
  public boolean replaced() {
    return replaced;
  }

  /** Other nodes took its place. */
  public void replace() {
    replaced = true;
  }

  /**
   * Whether so many keys were deleted since that was asked last that it may be worth a look at how
   * much is left: twice as many each time, until it is written.
   *
   * @param least so many at first
   */
  public boolean hasShrunk(int least) {
    int deletions = content.tail().deletions();
    if (deletions < deletionsSeen) {
      deletionsSeen = 0;
    }
    if (deletions < Math.max(least, 2 * deletionsSeen)) {
      return false;
    }
    deletionsSeen = deletions;
    return true;
  }

  /** A counter in it has become zero. */
  public void setZeroed() {
    zeroed = true;
  }

  /** Whether a counter in it has become zero since that was asked last. */
  public boolean wasZeroed() {
    boolean was = zeroed;
    zeroed = false;
    return was;
  }

  /** Whether someone is writing or replacing it. */
  public boolean busy() {
    return busy;
  }

  public void setBusy(boolean now) {
    busy = now;
  }

  /** Puts a key in, journalled under that sequence number; true if no unwritten one was there. */
  public boolean insert(LiveKey key, long seq) {
    boolean first = oldestSeq == 0;
    if (first) {
      oldestSeq = seq;
    }
    if (oldestSeqSinceWrite == 0) {
      oldestSeqSinceWrite = seq;
    }
    if (Long.compareUnsigned(seq, newestSeq) > 0) {
      newestSeq = seq;
    }
    content = content.with(key);
    return first;
  }

  /**
   * Puts a key in that the journal had; true if no unwritten one was there.
   *
   * @param oldest the oldest entry that it may have come from
   * @param newest the newest one
   */
  public boolean replay(LiveKey key, long oldest, long newest) {
    boolean first = insert(key, oldest);
    if (Long.compareUnsigned(newest, newestSeq) > 0) {
      newestSeq = newest;
    }
    return first;
  }

  /** The oldest journal sequence number of a key that is not written; 0 if all are. */
  public long oldestSeq() {
    return oldestSeq;
  }

  /** The newest journal sequence number of any key. */
  public long newestSeq() {
    return newestSeq;
  }

  /** A write of the content as it is begins: later keys are counted anew. */
  public void beginWrite() {
    busy = true;
    oldestSeqSinceWrite = 0;
  }

  /** The write that began was given up. */
  public void abortWrite() {
    busy = false;
    oldestSeqSinceWrite = oldestSeq;
  }

  /** What was there when the write began is written now. */
  public void endWrite(BtreePointer writtenTo, NodeContent now) {
    busy = false;
    pointer = writtenTo;
    content = now;
    oldestSeq = oldestSeqSinceWrite;
  }

  /**
   * Takes over keys that were put into a node that this one replaces while that was being written.
   * Of several such nodes all keys are kept, under the oldest of their sequence numbers.
   */
  public void inherit(LiveNode old, Tail keys, JournalPins<LiveNode> pins) {
    if (keys.isEmpty()) {
      return;
    }
    Tail all = content.tail();
    for (int place = keys.first(); place != keys.end(); place = keys.next(place)) {
      all = all.with(keys.get(place));
    }
    content = content.withTail(all);
    if (Long.compareUnsigned(old.newestSeq, newestSeq) > 0) {
      newestSeq = old.newestSeq;
    }
    long oldest = old.oldestSeqSinceWrite;
    if (oldestSeq == 0 || Long.compareUnsigned(oldest, oldestSeq) < 0) {
      pins.unpin(oldestSeq, this);
      oldestSeq = oldest;
      pins.pin(oldest, this);
    }
    oldestSeqSinceWrite = oldestSeq;
  }

  /** Changes where it is written, the content staying the same. */
  public void setPointer(BtreePointer other) {
    pointer = other;
  }

  @Override
  public String toString() {
    return "btree " + BtreeId.nameOf(btree) + " level " + level + " " + min + " - " + max;
  }
}
