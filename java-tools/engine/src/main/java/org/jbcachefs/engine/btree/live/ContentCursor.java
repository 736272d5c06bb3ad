// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;

/** Steps through the live keys of one content in order. Belongs to one thread. */
public final class ContentCursor {
  private final Bkey current = new Bkey();
  private final Bkey writtenKey = new Bkey();
  private BtreeNode written;
  private Tail tail;
  private int index;
  private int size;
  private int place;
  private int end;
  private boolean writtenReady;

  public ContentCursor(NodeContent content, Bpos from) {
    reset(content, from);
  }

  /** Goes to the first key of another content that is at or after a position. */
  public void reset(NodeContent content, Bpos from) {
    written = content.written();
    tail = content.tail();
    index = written == null ? 0 : written.lowerBound(from);
    size = written == null ? 0 : written.size();
    place = tail.lowerBound(from.inode(), from.offset(), from.snapshot());
    end = tail.end();
    writtenReady = false;
  }

  /** The current key, valid until the next step. */
  public Bkey key() {
    return current;
  }

  /** Moves to the next key; false at the end. */
  public boolean next() {
    while (true) {
      if (!writtenReady && index < size) {
        written.read(index, writtenKey);
        writtenReady = true;
      }
      if (place == end) {
        return writtenReady && takeWritten();
      }
      LiveKey unwritten = tail.get(place);
      int order =
          writtenReady
              ? unwritten.compareTo(writtenKey.inode(), writtenKey.offset(), writtenKey.snapshot())
              : -1;
      if (order > 0) {
        return takeWritten();
      }
      place = tail.next(place);
      if (order == 0) {
        writtenReady = false;
        index++;
      }
      if (!unwritten.isDeleted()) {
        unwritten.read(current);
        return true;
      }
    }
  }

  private boolean takeWritten() {
    current.set(writtenKey);
    writtenReady = false;
    index++;
    return true;
  }
}
