// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.fuse.protocol.Wire;

/**
 * A thread with a ring of its own. Requests arrive at it from the kernel, or are handed over by
 * another server; whoever commits an entry is where its next request arrives.
 *
 * <p>A <em>home</em> server is bound to the CPU of its queue and registers the queue's entries;
 * what is small it serves at once, unless it may wait for devices, or reads have done so of late: a
 * thread of its own answers that, so that as many wait at a time as there are. Bulk reads go to a
 * <em>helper</em>, on whatever CPU is free, which then keeps the entry as long as bulk reads arrive
 * in it: a stream of them costs no handing over. A small request that arrives at a helper is
 * answered there but committed by its home, so that the next one arrives at home again.
 */
final class RingServer implements Runnable {
  /** {@code struct fuse_ring_commit}. */
  private static final int COMMIT_BYTES = 16;

  private static final int COMMIT_ENTRY = 8;
  private static final int COMMIT_QUEUE = 12;

  /** {@code struct fuse_ring_arrival}. */
  private static final int ARRIVAL_BYTES = 8;

  private static final int ARRIVAL_RESULT = 4;
  private static final int WOKEN = -1;
  private static final int HELPER = -1;

  /** Replies are collected for so long before they are sent. */
  private static final long COLLECT_NANOS = 50_000;

  private final RingTransport transport;
  private final RingEntries entries;
  private final RequestHandler handler;

  /** The queue whose home it is; {@link #HELPER} for none. */
  private final int queue;

  /** What other servers handed over. */
  private final ArrayBlockingQueue<RingEntry> inbox;

  /** What the kernel delivered and nobody has looked at yet. */
  private final ArrayDeque<RingEntry> arrived;

  private final AtomicBoolean waiting = new AtomicBoolean();
  private final ReadPace pace = new ReadPace();
  private final MemorySegment commits;
  private final MemorySegment arrivals;
  private int commitCount;

  /** 0 when closed; guarded by this. */
  private long ring;

  private volatile boolean gone;

  private RingServer(
      RingTransport transport, RingEntries entries, RequestHandler handler, int queue) {
    this.transport = transport;
    this.entries = entries;
    this.handler = handler;
    this.queue = queue;
    this.inbox = new ArrayBlockingQueue<>(entries.size());
    this.arrived = new ArrayDeque<>(entries.size() + 1);
    Arena arena = Arena.ofAuto();
    this.commits = arena.allocate((long) entries.size() * COMMIT_BYTES, 8);
    this.arrivals = arena.allocate((long) (entries.size() + 1) * ARRIVAL_BYTES, 8);
  }

  static RingServer home(
      RingTransport transport, RingEntries entries, RequestHandler handler, int queue) {
    return new RingServer(transport, entries, handler, queue);
  }

  static RingServer helper(RingTransport transport, RingEntries entries, RequestHandler handler) {
    return new RingServer(transport, entries, handler, HELPER);
  }

  private boolean isHelper() {
    return queue == HELPER;
  }

  /** Hands an entry over, with its request or with the answer to commit; called by any server. */
  void accept(RingEntry entry) {
    inbox.add(entry);
    if (gone && isHelper()) {
      sendHome();
    } else {
      wake();
    }
  }

  /** Makes it look around if it waits. */
  void wake() {
    if (waiting.compareAndSet(true, false)) {
      synchronized (this) {
        if (ring != 0) {
          int woken = FuseNative.wakeRing(ring);
          assert woken <= 0;
        }
      }
    }
  }

  @Override
  public void run() {
    if (!isHelper()) {
      // A CPU that is possible but not there cannot be bound to; its queue is served all the same.
      int pinned = FuseNative.pinThread(queue);
      assert pinned <= 0;
    }
    try {
      serve(open());
    } catch (NativeException e) {
      transport.ended(isHelper() ? 0 : entries.each());
      if (e.errno() != Errno.ENOTCONN && e.errno() != Errno.ECONNABORTED) {
        transport.problem("a server of the ring ended: " + e.getMessage());
      }
    } finally {
      close();
    }
  }

  private long open() throws NativeException {
    long opened = FuseNative.openRing(transport.descriptor());
    if (opened < 0 && opened > -4096) {
      throw new NativeException("io_uring_setup", (int) -opened);
    }
    synchronized (this) {
      ring = opened;
    }
    return opened;
  }

  private void close() {
    synchronized (this) {
      if (ring != 0) {
        FuseNative.closeRing(ring);
      }
      ring = 0;
    }
    gone = true;
    if (isHelper()) {
      sendHome();
    }
  }

  /** What a helper that is gone was given goes back. */
  private void sendHome() {
    for (RingEntry entry = inbox.poll(); entry != null; entry = inbox.poll()) {
      transport.home(entry.queue()).accept(entry);
    }
  }

  private void serve(long opened) throws NativeException {
    if (!isHelper()) {
      NativeException.check("register with FUSE", entries.register(opened, queue));
    }
    while (!entries.allEnded()) {
      exchange(opened);
      work();
    }
  }

  /** Sends what was answered; waits if there is nothing else to do. */
  private void exchange(long opened) throws NativeException {
    waiting.set(true);
    if (!arrived.isEmpty() || !inbox.isEmpty() || entries.allEnded()) {
      waiting.set(false);
    }
    int count =
        NativeException.check(
            "io_uring_enter",
            FuseNative.exchange(
                opened,
                commits.address(),
                commitCount,
                waiting.get() ? 1 : 0,
                arrivals.address(),
                entries.size() + 1));
    waiting.set(false);
    commitCount = 0;
    takeArrivals(count);
  }

  private void takeArrivals(int count) {
    int ended = 0;
    for (int i = 0; i < count; i++) {
      int number = Wire.u32(arrivals, (long) i * ARRIVAL_BYTES);
      if (number == WOKEN) {
        continue;
      }
      if (Wire.u32(arrivals, (long) i * ARRIVAL_BYTES + ARRIVAL_RESULT) < 0) {
        ended++;
      } else {
        RingEntry entry = entries.get(number);
        entry.arrived();
        arrived.add(entry);
      }
    }
    if (ended > 0) {
      transport.ended(ended);
    }
  }

  private void work() {
    long until = System.nanoTime() + COLLECT_NANOS;
    do {
      RingEntry entry = arrived.poll();
      if (entry == null) {
        entry = inbox.poll();
      } else if (waits(entry)) {
        transport.answerAside(entry);
        continue;
      } else if (!isHelper() && belongsToHelper(entry)) {
        transport.helper().accept(entry);
        continue;
      }
      if (entry == null) {
        return;
      }
      answer(entry);
    } while (commitCount < entries.size() && System.nanoTime() < until);
  }

  /** Whether a thread that waits for devices is to answer it. */
  private boolean waits(RingEntry entry) {
    if (entry.isBulk()) {
      return entry.isWrite();
    }
    return entry.mayWait(handler) || (entry.isRead() && isSlow(entry));
  }

  private static boolean belongsToHelper(RingEntry entry) {
    return entry.isBulk();
  }

  /** A small read has taken so long. */
  void took(long nanos) {
    pace.took(nanos);
  }

  /** Whether reads from its queue wait for devices: then as many as there are do so at a time. */
  private boolean isSlow(RingEntry entry) {
    return transport.home(entry.queue()).pace.isSlow();
  }

  private void answer(RingEntry entry) {
    boolean bulk = !entry.answered() && entry.isBulk();
    if (!entry.answered()) {
      long begun = System.nanoTime();
      boolean read = entry.isRead();
      entry.answer(handler);
      if (read && !bulk) {
        transport.home(entry.queue()).pace.took(System.nanoTime() - begun);
      }
    }
    if (isHelper() && !bulk) {
      transport.home(entry.queue()).accept(entry);
    } else {
      commit(entry);
    }
  }

  private void commit(RingEntry entry) {
    long at = (long) commitCount++ * COMMIT_BYTES;
    Wire.u64(commits, at, entry.commitId());
    Wire.u32(commits, at + COMMIT_ENTRY, entry.number());
    Wire.u32(commits, at + COMMIT_QUEUE, entry.queue());
  }
}
