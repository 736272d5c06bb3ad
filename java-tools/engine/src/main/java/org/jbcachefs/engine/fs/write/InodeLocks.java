// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jbcachefs.engine.fs.InodeId;

/**
 * Two locks for each file. One lets its contents be changed by one thread at a time, which may take
 * long. The other keeps what readers read in place: the sectors of an extent that is overwritten
 * may be used for something else. Files share locks; a thread holds those of one file only.
 */
final class InodeLocks {
  private static final int STRIPES = 256;

  private final ReentrantReadWriteLock snapshots = new ReentrantReadWriteLock();
  private final ReentrantLock[] change = new ReentrantLock[STRIPES];
  private final ReentrantReadWriteLock[] extents = new ReentrantReadWriteLock[STRIPES];

  InodeLocks() {
    for (int i = 0; i < STRIPES; i++) {
      change[i] = new ReentrantLock();
      extents[i] = new ReentrantReadWriteLock();
    }
  }

  /** While contents are changed in several steps: no snapshot must show some of them. */
  Lock unfinished() {
    return snapshots.readLock();
  }

  /** While a snapshot is made. */
  Lock snapshot() {
    return snapshots.writeLock();
  }

  private static int stripe(InodeId id) {
    return (int) ((id.number() * 0x9e3779b97f4a7c15L + id.subvolume()) >>> 56);
  }

  /** For the whole of a change of contents. */
  ReentrantLock change(InodeId id) {
    return change[stripe(id)];
  }

  /** While extents are read, and what they point to. */
  Lock reading(InodeId id) {
    return extents[stripe(id)].readLock();
  }

  /** While a transaction replaces extents. */
  Lock replacing(InodeId id) {
    return extents[stripe(id)].writeLock();
  }

  /** Takes the change locks of two files, which may be the same, in an order that cannot block. */
  void lockBoth(InodeId one, InodeId other) {
    int first = Math.min(stripe(one), stripe(other));
    int second = Math.max(stripe(one), stripe(other));
    change[first].lock();
    change[second].lock();
  }

  void unlockBoth(InodeId one, InodeId other) {
    change[stripe(one)].unlock();
    change[stripe(other)].unlock();
  }
}
