// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All entries of a connection, by number: those of queue 0 first. Their memory lives as long as
 * this object. Thread-safe.
 */
final class RingEntries {
  private final int queues;
  private final int each;
  private final int payloadBytes;
  private final MemorySegment headers;
  private final MemorySegment payloads;
  private final RingEntry[] entries;
  private final AtomicInteger alive;

  RingEntries(int queues, int each, int payloadBytes) {
    int all = queues * each;
    this.queues = queues;
    this.each = each;
    this.payloadBytes = payloadBytes;
    Arena arena = Arena.ofAuto();
    this.headers = arena.allocate((long) all * RingEntry.HEADER_BYTES, 4096);
    this.payloads = arena.allocate((long) all * payloadBytes, 4096);
    this.entries = new RingEntry[all];
    this.alive = new AtomicInteger(all);
    for (int i = 0; i < all; i++) {
      entries[i] = new RingEntry(i, i / each, header(i), payload(i));
    }
  }

  private MemorySegment header(int entry) {
    return headers.asSlice((long) entry * RingEntry.HEADER_BYTES, RingEntry.HEADER_BYTES);
  }

  private MemorySegment payload(int entry) {
    return payloads.asSlice((long) entry * payloadBytes, payloadBytes);
  }

  int size() {
    return entries.length;
  }

  int queues() {
    return queues;
  }

  RingEntry get(int entry) {
    return entries[entry];
  }

  /** Hands a queue's entries to the kernel; they arrive at that ring first. */
  int register(long ring, int queue) {
    int first = queue * each;
    return FuseNative.registerEntries(
        ring,
        queue,
        first,
        each,
        header(first).address(),
        RingEntry.HEADER_BYTES,
        payload(first).address(),
        payloadBytes);
  }

  /** That many entries will never hold a request again; true once that is so for all. */
  boolean ended(int count) {
    return alive.addAndGet(-count) <= 0;
  }

  int each() {
    return each;
  }

  boolean allEnded() {
    return alive.get() <= 0;
  }
}
