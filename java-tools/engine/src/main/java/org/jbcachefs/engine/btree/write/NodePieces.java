// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.write;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.btree.live.ContentCursor;
import org.jbcachefs.engine.btree.live.NodeContent;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.BkeyFormatBuilder;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;

/**
 * How the keys of one or more neighbouring nodes are spread over new ones: as few as hold them with
 * room to spare, of about equal size.
 */
final class NodePieces {
  private final NodeSettings settings;
  private final List<NodeContent> contents;
  private final DeadCounters dead;
  private final BtreeId btree;
  private final boolean sharded;

  /**
   * @param contents of neighbouring nodes, in order
   * @param dead keys that are left out
   */
  NodePieces(
      NodeSettings settings, int btree, int level, List<NodeContent> contents, DeadCounters dead) {
    this.settings = settings;
    this.btree = BtreeId.of(btree);
    this.sharded = settings.isSharded(this.btree, level);
    this.contents = contents;
    this.dead = dead;
  }

  /** Steps to the next key that is not left out; false at the end. */
  private boolean next(ContentCursor cursor) {
    while (cursor.next()) {
      if (!dead.has(cursor.key())) {
        return true;
      }
    }
    return false;
  }

  /** A range that becomes a node. */
  record Piece(Bpos min, Bpos max, BkeyFormat format) {}

  /** The pieces of that range, in order, without gaps. */
  List<Piece> cut(Bpos min, Bpos max) {
    List<Piece> pieces = new ArrayList<>();
    Bpos from = min;
    for (Bpos end : shardEnds(max)) {
      pieces.addAll(cutBySize(from, end));
      from = end.equals(Bpos.MAX) ? null : end.successor();
    }
    return pieces;
  }

  /** Where keys of one shard of inode numbers end, and at last {@code max}. */
  private List<Bpos> shardEnds(Bpos max) {
    List<Bpos> ends = new ArrayList<>();
    long shard = -1;
    for (NodeContent content : sharded ? contents : List.<NodeContent>of()) {
      ContentCursor cursor = new ContentCursor(content, Bpos.MIN);
      while (next(cursor)) {
        Bkey key = cursor.key();
        long inode = btree == BtreeId.INODES ? key.offset() : key.inode();
        long now = settings.shard(inode);
        if (shard >= 0 && now != shard) {
          long last = settings.firstOf(now) - 1;
          ends.add(btree == BtreeId.INODES ? new Bpos(0, last, -1) : new Bpos(last, -1, -1));
        }
        shard = now;
      }
    }
    ends.add(max);
    return ends;
  }

  private List<Piece> cutBySize(Bpos min, Bpos max) {
    BkeyFormat whole = format(min, max);
    long bytes = packedBytes(whole, min, max);
    int count = (int) Math.max(1, Math.ceilDiv(bytes, settings.keyBytesWanted()));
    if (count == 1) {
      return List.of(new Piece(min, max, whole));
    }
    List<Piece> pieces = new ArrayList<>();
    Bpos from = min;
    for (Bpos end : ends(whole, bytes, count, min, max)) {
      pieces.add(new Piece(from, end, format(from, end)));
      from = end.equals(Bpos.MAX) ? null : end.successor();
    }
    return pieces;
  }

  /** Where the pieces end; the last one at {@code max}. */
  private List<Bpos> ends(BkeyFormat format, long bytes, int count, Bpos min, Bpos max) {
    List<Bpos> ends = new ArrayList<>();
    long share = bytes / count;
    long sum = 0;
    for (NodeContent content : contents) {
      ContentCursor cursor = new ContentCursor(content, min);
      while (next(cursor) && cursor.key().comparePos(max) <= 0) {
        sum += packedBytes(format, cursor.key());
        boolean full = sum >= share * (ends.size() + 1) && ends.size() < count - 1;
        if (full && cursor.key().comparePos(max) < 0) {
          ends.add(cursor.key().pos());
        }
      }
    }
    ends.add(max);
    return ends;
  }

  private long packedBytes(BkeyFormat format, Bpos min, Bpos max) {
    long bytes = 0;
    for (NodeContent content : contents) {
      ContentCursor cursor = new ContentCursor(content, min);
      while (next(cursor) && cursor.key().comparePos(max) <= 0) {
        bytes += packedBytes(format, cursor.key());
      }
    }
    return bytes;
  }

  static long packedBytes(BkeyFormat format, Bkey key) {
    return key.valueBytes() + (format.fits(key) ? 8L * format.keyU64s() : Bkey.BYTES);
  }

  /** The narrowest format that holds the keys there and all positions of the range. */
  private BkeyFormat format(Bpos from, Bpos to) {
    BkeyFormatBuilder builder = new BkeyFormatBuilder();
    builder.add(from).add(to);
    for (NodeContent content : contents) {
      ContentCursor cursor = new ContentCursor(content, from);
      while (next(cursor) && cursor.key().comparePos(to) <= 0) {
        builder.add(cursor.key());
      }
    }
    return builder.build();
  }

  /** The keys from one position to another. */
  Keys keys(Bpos from, Bpos to) {
    return new Keys(from, to);
  }

  /** Steps through the keys of all contents in a range. */
  final class Keys {
    private final Bpos to;
    private final Bpos from;
    private int next;
    private ContentCursor cursor;

    private Keys(Bpos from, Bpos to) {
      this.from = from;
      this.to = to;
    }

    Bkey next(Bkey out) {
      while (true) {
        if (cursor == null) {
          if (next == contents.size()) {
            return null;
          }
          cursor = new ContentCursor(contents.get(next++), from);
        }
        if (NodePieces.this.next(cursor) && cursor.key().comparePos(to) <= 0) {
          return out.set(cursor.key());
        }
        cursor = null;
      }
    }
  }
}
