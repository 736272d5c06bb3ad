// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jbcachefs.format.error.DeviceException;

/**
 * A queue over any devices that calls their own methods: one after the other when submitted, or in
 * threads of an executor.
 */
final class PlainQueue implements IoQueue {
  private enum Operation {
    READ,
    WRITE,
    FLUSH,
    DISCARD,
    WRITE_ZEROES
  }

  private final Thread owner = Thread.currentThread();
  private final Executor executor;
  private final ArrayDeque<Request> free = new ArrayDeque<>();
  private final List<Request> prepared = new ArrayList<>();
  private final int capacity;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition finished = lock.newCondition();
  private final ArrayDeque<Request> done = new ArrayDeque<>();
  private int running;

  /** A request ended by an exception that no device throws, which its thread has told of. */
  private boolean defective;

  private Request taken;

  PlainQueue(int capacity, Executor executor) {
    IoQueue.checkCapacity(capacity);
    this.capacity = capacity;
    this.executor = executor;
    for (int i = 0; i < capacity; i++) {
      free.add(new Request());
    }
  }

  /** Does each request when it is submitted, in the order of preparation: deterministic. */
  static PlainQueue sequential(int capacity) {
    return new PlainQueue(capacity, Runnable::run);
  }

  @Override
  public boolean accepts(BlockDevice device) {
    return true;
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int room() {
    return free.size();
  }

  @Override
  public void read(BlockDevice device, long offset, MemorySegment into, int flags, long token) {
    IoFlags.check(flags, IoFlags.OF_READS);
    take(Operation.READ, QueueBuffers.checked(into, device), flags, token)
        .targets
        .add(device, offset);
  }

  @Override
  public void write(BlockDevice device, long offset, MemorySegment from, int flags, long token) {
    IoFlags.check(flags, IoFlags.OF_WRITES);
    take(Operation.WRITE, QueueBuffers.checked(from, device), flags, token)
        .targets
        .add(device, offset);
  }

  @Override
  public void writeCopies(CopyTargets targets, MemorySegment from, int flags, long token) {
    IoFlags.check(flags, IoFlags.OF_WRITES);
    QueueBuffers.check(from, targets);
    take(Operation.WRITE, from, flags, token).targets.set(targets);
  }

  @Override
  public void flush(BlockDevice device, long token) {
    take(Operation.FLUSH, MemorySegment.NULL, 0, token).targets.add(device, 0);
  }

  @Override
  public void discard(BlockDevice device, long offset, long length, long token) {
    QueueBuffers.checkRange(length);
    Request request = take(Operation.DISCARD, MemorySegment.NULL, 0, token);
    request.targets.add(device, offset);
    request.length = length;
  }

  @Override
  public void writeZeroes(BlockDevice device, long offset, long length, long token) {
    QueueBuffers.checkRange(length);
    Request request = take(Operation.WRITE_ZEROES, MemorySegment.NULL, 0, token);
    request.targets.add(device, offset);
    request.length = length;
  }

  private Request take(Operation operation, MemorySegment buffer, int flags, long token) {
    checkThread();
    Request request = free.poll();
    if (request == null) {
      throw new IllegalStateException("all " + capacity + " requests of the queue are in use");
    }
    request.begin(operation, buffer, flags, token);
    prepared.add(request);
    return request;
  }

  private void checkThread() {
    if (!owner.equals(Thread.currentThread())) {
      throw new WrongThreadException("a queue is used by the thread that made it: " + owner);
    }
  }

  @Override
  public void submit() {
    checkThread();
    lock.lock();
    try {
      running += prepared.size();
    } finally {
      lock.unlock();
    }
    for (Request request : prepared) {
      executor.execute(request);
    }
    prepared.clear();
  }

  @Override
  public int await(int atLeast) {
    submit();
    lock.lock();
    try {
      while (done.size() < atLeast && running > 0) {
        finished.awaitUninterruptibly();
      }
      if (defective) {
        throw new IllegalStateException("a request of the queue ended by a defect");
      }
      return done.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean next() {
    if (taken != null) {
      taken.end();
      free.add(taken);
    }
    lock.lock();
    try {
      taken = done.poll();
    } finally {
      lock.unlock();
    }
    return taken != null;
  }

  @Override
  public long token() {
    return taken.token;
  }

  @Override
  public int failed() {
    return taken.failed;
  }

  @Override
  public DeviceException failure(int copy) {
    return taken.failures[copy];
  }

  @Override
  public void close() {
    awaitAll();
  }

  /** One request; made once and used again. */
  private final class Request implements Runnable {
    private final CopyTargets targets = new CopyTargets();
    private final DeviceException[] failures = new DeviceException[MAX_COPIES];
    private Operation operation;
    private MemorySegment buffer;
    private long length;
    private long token;
    private int flags;
    private int failed;

    void begin(Operation newOperation, MemorySegment newBuffer, int newFlags, long newToken) {
      operation = newOperation;
      buffer = newBuffer;
      length = newBuffer.byteSize();
      flags = newFlags;
      token = newToken;
      failed = 0;
    }

    void end() {
      Arrays.fill(failures, null);
      targets.forget();
      buffer = null;
    }

    @Override
    public void run() {
      boolean ended = false;
      try {
        for (int copy = 0; copy < targets.count(); copy++) {
          run(copy);
        }
        ended = true;
      } finally {
        lock.lock();
        try {
          defective |= !ended;
          done.add(this);
          running--;
          finished.signalAll();
        } finally {
          lock.unlock();
        }
      }
    }

    private void run(int copy) {
      try {
        perform(targets.device(copy), targets.offset(copy));
      } catch (DeviceException e) {
        failures[copy] = e;
        failed |= 1 << copy;
      }
    }

    private void perform(BlockDevice device, long offset) {
      checkAlignment(device, offset);
      switch (operation) {
        case READ -> device.read(offset, buffer);
        case WRITE -> device.write(offset, buffer, flags);
        case FLUSH -> device.flush();
        case DISCARD -> device.discard(offset, length);
        case WRITE_ZEROES -> device.writeZeroes(offset, length);
      }
    }

    private void checkAlignment(BlockDevice device, long offset) {
      if (((offset | length) & (device.blockSize() - 1)) != 0) {
        throw DeviceErrors.unaligned(
            device,
            operation.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '),
            offset,
            length);
      }
    }
  }
}
