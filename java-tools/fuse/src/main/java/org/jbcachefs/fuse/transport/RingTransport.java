// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.transport;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jbcachefs.fuse.transport.ConnectionSetup.Agreement;

/**
 * Serves requests through io_uring: a queue for each possible CPU, and for each queue a server
 * bound to that CPU, so that a client's request never has to wake another CPU; and helpers for what
 * is large or slow. FORGET and INTERRUPT still come through /dev/fuse, for which there is one more
 * thread.
 */
public final class RingTransport implements Transport {
  /** Room for requests that wait to be served, over all queues. */
  private static final int ALL_ENTRIES = 64;

  /** So long after a FORGET others are waited for, whose space nobody misses meanwhile. */
  private static final long FORGET_REST_NANOS = 1_000_000;

  private final FuseDescriptor connection;
  private final Consumer<String> problems;
  private final RingEntries entries;
  private final List<RingServer> homes = new ArrayList<>();
  private final List<RingServer> helpers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();
  private final RequestHandler handler;

  /**
   * Threads for requests that wait for each other, as those do that make something durable; never
   * more than there are entries. Each queue has its own, bound to its CPU: that another one wakes
   * up takes longer than most of what they do there.
   */
  private final List<ExecutorService> aside = new ArrayList<>();

  // As many reads and writes at a time keep devices busy; more threads would only take turns.
  private final ExecutorService readers = ofDevices("fuse-reader-");
  private final ExecutorService writers = ofDevices("fuse-writer-");

  /**
   * Serves once started.
   *
   * @param agreed what the kernel and we said in INIT
   * @param problems told of what ends a thread early
   */
  public RingTransport(
      FuseDescriptor connection,
      Agreement agreed,
      RequestHandler handler,
      Consumer<String> problems)
      throws IOException {
    this.connection = connection;
    this.problems = problems;
    this.handler = handler;
    int queues = PossibleCpus.count();
    entries =
        new RingEntries(queues, Math.clamp(ALL_ENTRIES / queues, 4, 32), agreed.payloadBytes());
    thread(
        "forget",
        new DeviceWorker(connection.cloned(), agreed, handler, problems, FORGET_REST_NANOS));
    for (int queue = 0; queue < queues; queue++) {
      homes.add(RingServer.home(this, entries, handler, queue));
      thread("ring-" + queue, homes.getLast());
      aside.add(Executors.newCachedThreadPool(bound(queue)));
    }
    for (int i = 0; i < Math.clamp(2L * queues, 4, 16); i++) {
      helpers.add(RingServer.helper(this, entries, handler));
      thread("helper-" + i, helpers.getLast());
    }
  }

  private void thread(String name, Runnable work) {
    threads.add(Thread.ofPlatform().name("fuse-" + name).unstarted(work));
  }

  private static ExecutorService ofDevices(String name) {
    int threads = Math.clamp(8L * Runtime.getRuntime().availableProcessors(), 16, 64);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name(name, 0).daemon().factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Makes threads that are bound to a CPU, if it is there. */
  private static ThreadFactory bound(int cpu) {
    Thread.Builder builder = Thread.ofPlatform().name("fuse-aside-" + cpu + "-", 0).daemon();
    return work ->
        builder.unstarted(() -> {
          int pinned = FuseNative.pinThread(cpu);
          assert pinned <= 0;
          work.run();
        });
  }

  private ExecutorService threadsFor(RingEntry entry) {
    if (entry.isRead()) {
      return readers;
    }
    return entry.isWrite() ? writers : aside.get(entry.queue());
  }

  int descriptor() {
    return connection.number();
  }

  RingServer home(int queue) {
    return homes.get(queue);
  }

  /** A helper, each in its turn. */
  RingServer helper() {
    return helpers.get(Math.floorMod(turn.getAndIncrement(), helpers.size()));
  }

  /** Has a request answered by a thread of its own, and committed at its home. */
  void answerAside(RingEntry entry) {
    threadsFor(entry)
        .execute(() -> {
          long begun = System.nanoTime();
          entry.answer(handler);
          RingServer home = home(entry.queue());
          if (entry.isRead()) {
            home.took(System.nanoTime() - begun);
          }
          home.accept(entry);
        });
  }

  void problem(String what) {
    problems.accept(what);
  }

  /** That many entries have ended; with the last one everybody goes. */
  void ended(int count) {
    if (entries.ended(count)) {
      homes.forEach(RingServer::wake);
      helpers.forEach(RingServer::wake);
    }
  }

  @Override
  public String description() {
    return "io_uring, " + entries.queues() + " queues of " + entries.each() + " entries";
  }

  @Override
  public void start() {
    threads.forEach(Thread::start);
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
    List<ExecutorService> pools = new ArrayList<>(aside);
    pools.addAll(List.of(readers, writers));
    for (ExecutorService pool : pools) {
      pool.shutdown();
      while (!pool.awaitTermination(1, TimeUnit.MINUTES)) {
        problems.accept("a request that waits for devices is not answered yet");
      }
    }
  }
}
