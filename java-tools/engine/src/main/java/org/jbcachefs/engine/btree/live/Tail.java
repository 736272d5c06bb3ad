// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree.live;

import java.util.Arrays;
import org.jbcachefs.format.bkey.Bpos;

/**
 * The keys of a node that are in no bset yet, deletions among them, in order of position, one a
 * position. Immutable: adding a key copies the chunk it falls into and the list of chunks.
 *
 * <p>Places are numbers: chunk * 128 + index in it; {@link #end} is one that is behind all.
 */
public final class Tail {
  /** No keys. */
  public static final Tail EMPTY = new Tail(new LiveKey[0][], 0, 0, 0);

  private static final int SPLIT = 64;
  private static final int SHIFT = 7;
  private static final int INDEX = (1 << SHIFT) - 1;

  private final LiveKey[][] chunks;
  private final int size;
  private final long bytes;
  private final int deletions;

  private Tail(LiveKey[][] chunks, int size, long bytes, int deletions) {
    this.chunks = chunks;
    this.size = size;
    this.bytes = bytes;
    this.deletions = deletions;
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** Length of all keys, unpacked. */
  public long bytes() {
    return bytes;
  }

  /** How many of the keys say that there is none. */
  public int deletions() {
    return deletions;
  }

  /** Place of the first key. */
  int first() {
    return 0;
  }

  /** The place behind the last key. */
  int end() {
    return chunks.length << SHIFT;
  }

  /** The key at a place before the end. */
  LiveKey get(int place) {
    return chunks[place >>> SHIFT][place & INDEX];
  }

  /** The place after that one. */
  int next(int place) {
    int chunk = place >>> SHIFT;
    return (place & INDEX) + 1 < chunks[chunk].length ? place + 1 : (chunk + 1) << SHIFT;
  }

  /** Place of the first key at or after a position. */
  int lowerBound(long inode, long offset, int snapshot) {
    int chunk = chunkFor(inode, offset, snapshot);
    return chunk == chunks.length
        ? end()
        : chunk << SHIFT | indexIn(chunks[chunk], inode, offset, snapshot);
  }

  /** The key at exactly that position, or null. */
  public LiveKey find(long inode, long offset, int snapshot) {
    int place = lowerBound(inode, offset, snapshot);
    if (place == end()) {
      return null;
    }
    LiveKey key = get(place);
    return key.compareTo(inode, offset, snapshot) == 0 ? key : null;
  }

  /** The first chunk whose last key is not before that position. */
  private int chunkFor(long inode, long offset, int snapshot) {
    int low = 0;
    int high = chunks.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      LiveKey[] chunk = chunks[middle];
      if (chunk[chunk.length - 1].compareTo(inode, offset, snapshot) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int indexIn(LiveKey[] chunk, long inode, long offset, int snapshot) {
    int low = 0;
    int high = chunk.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (chunk[middle].compareTo(inode, offset, snapshot) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** These keys and that one, which replaces the one at its position. */
  public Tail with(LiveKey key) {
    int deleted = deletions + (key.isDeleted() ? 1 : 0);
    if (chunks.length == 0) {
      return new Tail(new LiveKey[][] {{key}}, 1, key.bytes(), deleted);
    }
    Bpos pos = key.pos();
    int chunk = Math.min(chunkFor(pos.inode(), pos.offset(), pos.snapshot()), chunks.length - 1);
    LiveKey[] old = chunks[chunk];
    int index = indexIn(old, pos.inode(), pos.offset(), pos.snapshot());
    if (index < old.length && old[index].compareTo(key) == 0) {
      LiveKey[] changed = old.clone();
      changed[index] = key;
      LiveKey[][] list = chunks.clone();
      list[chunk] = changed;
      deleted -= old[index].isDeleted() ? 1 : 0;
      return new Tail(list, size, bytes + key.bytes() - old[index].bytes(), deleted);
    }
    LiveKey[] changed = new LiveKey[old.length + 1];
    System.arraycopy(old, 0, changed, 0, index);
    changed[index] = key;
    System.arraycopy(old, index, changed, index + 1, old.length - index);
    return new Tail(withChunk(chunk, changed), size + 1, bytes + key.bytes(), deleted);
  }

  private LiveKey[][] withChunk(int chunk, LiveKey[] changed) {
    if (changed.length <= SPLIT) {
      LiveKey[][] list = chunks.clone();
      list[chunk] = changed;
      return list;
    }
    // Keys often come in ascending order: then the first half stays full.
    boolean last = chunk == chunks.length - 1;
    int middle = last ? changed.length - 1 : changed.length / 2;
    LiveKey[][] list = new LiveKey[chunks.length + 1][];
    System.arraycopy(chunks, 0, list, 0, chunk);
    list[chunk] = Arrays.copyOfRange(changed, 0, middle);
    list[chunk + 1] = Arrays.copyOfRange(changed, middle, changed.length);
    System.arraycopy(chunks, chunk + 1, list, chunk + 2, chunks.length - chunk - 1);
    return list;
  }

  /** What was added to this since it was {@code older}. */
  public Tail since(Tail older) {
    Tail added = EMPTY;
    for (int place = first(); place != end(); place = next(place)) {
      LiveKey key = get(place);
      Bpos pos = key.pos();
      if (older.find(pos.inode(), pos.offset(), pos.snapshot()) != key) {
        added = added.with(key);
      }
    }
    return added;
  }

  /** The keys from one position to another, both included. */
  public Tail between(Bpos from, Bpos to) {
    Tail part = EMPTY;
    int place = lowerBound(from.inode(), from.offset(), from.snapshot());
    while (place != end() && get(place).compareTo(to.inode(), to.offset(), to.snapshot()) <= 0) {
      part = part.with(get(place));
      place = next(place);
    }
    return part;
  }
}
