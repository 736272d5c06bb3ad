// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jbcachefs.engine.fs.FileId;

/**
 * A part of the node table: slots of numbers in arrays, and a hash table of slots. A node's number
 * is its slot and the generation of the slot, which grows each time the slot is used anew.
 * Thread-safe.
 */
final class NodeShard {
  private static final int GENERATION_SHIFT = 28;
  private static final int SLOT_MASK = (1 << GENERATION_SHIFT) - 1;
  private static final int FIRST_CAPACITY = 64;

  private long[] inodes = new long[FIRST_CAPACITY];
  private int[] subvolumes = new int[FIRST_CAPACITY];
  private int[] snapshots = new int[FIRST_CAPACITY];

  /** How often the kernel was told; 0 for a free slot. */
  private long[] counts = new long[FIRST_CAPACITY];

  /** 1 and more. */
  private int[] generations = new int[FIRST_CAPACITY];

  /** Slot + 1 by hash, linear probing; 0 for an empty place. Always at least half empty. */
  private int[] places = new int[2 * FIRST_CAPACITY];

  /** Slots that were used and are free, as a list through {@code inodes}: slot + 1 of the next. */
  private int free;

  private int used;
  private int size;

  synchronized int size() {
    return size;
  }

  synchronized long remember(FileId file) {
    int place = find(file);
    if (places[place] != 0) {
      int slot = places[place] - 1;
      counts[slot]++;
      return number(slot);
    }
    if (free == 0 && used == inodes.length) {
      grow();
      place = find(file);
    }
    int slot = take();
    inodes[slot] = file.inode();
    subvolumes[slot] = file.subvolume();
    snapshots[slot] = file.snapshot();
    counts[slot] = 1;
    generations[slot]++;
    places[place] = slot + 1;
    size++;
    return number(slot);
  }

  /** Calls for each file in use, with its number. */
  synchronized void each(BiConsumer<Long, FileId> consumer) {
    for (int slot = 0; slot < used; slot++) {
      if (counts[slot] > 0) {
        consumer.accept(number(slot), new FileId(subvolumes[slot], snapshots[slot], inodes[slot]));
      }
    }
  }

  synchronized FileId file(long number) {
    int slot = slot(number);
    return slot < 0 ? null : new FileId(subvolumes[slot], snapshots[slot], inodes[slot]);
  }

  /** The file, if the kernel knows it no more; else null. */
  synchronized FileId forget(long number, long times) {
    int slot = slot(number);
    if (slot < 0) {
      return null;
    }
    counts[slot] -= times;
    if (counts[slot] > 0) {
      return null;
    }
    FileId file = new FileId(subvolumes[slot], snapshots[slot], inodes[slot]);
    remove(slot);
    return file;
  }

  /** The number of a file in use, else 0. */
  synchronized long known(FileId file) {
    int slot = places[find(file)] - 1;
    return slot < 0 ? 0 : number(slot);
  }

  /** The slot of a number in use; -1 for others. */
  private int slot(long number) {
    int slot = (int) (number & SLOT_MASK);
    boolean valid =
        slot < used && counts[slot] > 0 && generations[slot] == (number >>> GENERATION_SHIFT);
    return valid ? slot : -1;
  }

  private long number(int slot) {
    return (Integer.toUnsignedLong(generations[slot]) << GENERATION_SHIFT) | slot;
  }

  private int take() {
    if (free == 0) {
      return used++;
    }
    int slot = free - 1;
    free = (int) inodes[slot];
    return slot;
  }

  /** The place of the file, or the empty place where it belongs. */
  private int find(FileId file) {
    int mask = places.length - 1;
    int place = home(file.subvolume(), file.snapshot(), file.inode());
    while (places[place] != 0 && !holds(places[place] - 1, file)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private boolean holds(int slot, FileId file) {
    return inodes[slot] == file.inode()
        && subvolumes[slot] == file.subvolume()
        && snapshots[slot] == file.snapshot();
  }

  private int home(int subvolume, int snapshot, long inode) {
    return (int) NodeTable.hash(subvolume, snapshot, inode) & (places.length - 1);
  }

  private void remove(int slot) {
    removePlace(find(new FileId(subvolumes[slot], snapshots[slot], inodes[slot])));
    counts[slot] = 0;
    inodes[slot] = free;
    free = slot + 1;
    size--;
  }

  /** Empties a place and moves up those behind it that would not be found any more. */
  private void removePlace(int emptied) {
    int mask = places.length - 1;
    int gap = emptied;
    int next = gap;
    while (true) {
      next = (next + 1) & mask;
      if (places[next] == 0) {
        break;
      }
      int slot = places[next] - 1;
      int home = home(subvolumes[slot], snapshots[slot], inodes[slot]);
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        places[gap] = places[next];
        gap = next;
      }
    }
    places[gap] = 0;
  }

  private void grow() {
    int capacity = Math.min(inodes.length * 2, SLOT_MASK + 1);
    if (capacity == inodes.length) {
      throw new IllegalStateException("more than " + capacity + " nodes in a shard");
    }
    inodes = Arrays.copyOf(inodes, capacity);
    subvolumes = Arrays.copyOf(subvolumes, capacity);
    snapshots = Arrays.copyOf(snapshots, capacity);
    counts = Arrays.copyOf(counts, capacity);
    generations = Arrays.copyOf(generations, capacity);
    places = new int[2 * capacity];
    // Only ever called when no slot is free.
    for (int slot = 0; slot < used; slot++) {
      int place = home(subvolumes[slot], snapshots[slot], inodes[slot]);
      while (places[place] != 0) {
        place = (place + 1) & (places.length - 1);
      }
      places[place] = slot + 1;
    }
  }
}
