// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.function.Supplier;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentPtr;

/** The pointers of one key, unpacked and put in the order in which to try them. Reusable. */
final class Replicas {
  /** A valid key has no more than 16; the rest of a damaged one is not looked at. */
  private static final int MAX = 2 * ExtentEntries.MAX_PTRS;

  private final Replica[] all = new Replica[MAX];
  private int size;
  private boolean unwritten;
  private boolean poisoned;
  private boolean unreadable;

  /** One pointer and what goes with it. */
  static final class Replica implements Supplier<Place> {
    private DeviceSet devices;
    private Bkey key;
    final ExtentCrc crc = new ExtentCrc();
    long ptr;
    boolean striped;
    long stripeIdx;
    int stripeBlock;
    int rank;

    /** Why it could not be used; null if it was not tried. */
    BcachefsException failure;

    int dev() {
      return ExtentPtr.dev(ptr);
    }

    long sector() {
      return ExtentPtr.sector(ptr);
    }

    boolean cached() {
      return ExtentPtr.cached(ptr);
    }

    /** Where it is, for an error; made when it is asked for. */
    @Override
    public Place get() {
      return ExtentDecoder.place(key)
          .on(devices.name(dev()), sector() << ExtentDecoder.SECTOR_SHIFT);
    }
  }

  Replicas() {
    for (int i = 0; i < MAX; i++) {
      all[i] = new Replica();
    }
  }

  /** Takes in the pointers of that key, which the cursor was set on. */
  void collect(DeviceSet devices, Bkey key, ExtentEntries entries) {
    size = 0;
    unwritten = false;
    while (size < MAX && entries.nextPtr()) {
      Replica replica = all[size++];
      replica.ptr = entries.word();
      replica.crc.set(entries.crc());
      replica.striped = entries.hasStripe();
      replica.stripeIdx = entries.stripeIdx();
      replica.stripeBlock = entries.stripeBlock();
      replica.devices = devices;
      replica.key = key;
      replica.failure = null;
      unwritten |= entries.unwritten();
    }
    poisoned = entries.poisoned();
    unreadable = entries.unreadable();
  }

  int size() {
    return size;
  }

  Replica get(int index) {
    return all[index];
  }

  /** Whether any pointer says that nothing was ever written: all of it reads as zeros. */
  boolean unwritten() {
    return unwritten;
  }

  boolean poisoned() {
    return poisoned;
  }

  /** Whether the key has entries that nobody can read. */
  boolean unreadable() {
    return unreadable;
  }

  /** Sorts by rank, lowest first; those of equal rank stay in the key's order. */
  void sort() {
    for (int i = 1; i < size; i++) {
      Replica moved = all[i];
      int to = i;
      for (; to > 0 && all[to - 1].rank > moved.rank; to--) {
        all[to] = all[to - 1];
      }
      all[to] = moved;
    }
  }
}
