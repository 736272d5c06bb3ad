// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.CopyTargets;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every queue promises, over three devices of {@link #create}, each of them zero at the
 * beginning.
 */
public abstract class IoQueueContract {
  protected static final int SIZE = 4 << 20;
  private static final int DEPTH = 64;
  private static final int BLOCK = 4096;

  protected final List<BlockDevice> devices = new ArrayList<>();
  protected IoQueue queue;
  private Arena arena;

  /** A new writable device of that many bytes, all zero. */
  protected abstract BlockDevice create(String name, long size) throws Exception;

  /** A queue over these devices, made by the calling thread. */
  protected IoQueue openQueue(int capacity) {
    return IoQueue.over(devices, capacity);
  }

  @BeforeEach
  void open() throws Exception {
    arena = Arena.ofShared();
    for (int i = 0; i < 3; i++) {
      devices.add(create("device" + i, SIZE));
    }
    queue = openQueue(DEPTH);
  }

  @AfterEach
  void close() {
    if (queue != null) {
      queue.close();
    }
    devices.forEach(BlockDevice::close);
    arena.close();
  }

  @Test
  void hasRoomForAsManyRequestsAsItSays() {
    assertEquals(DEPTH, queue.capacity());
    assertEquals(DEPTH, queue.room());
    assertEquals(0, queue.await(1), "nothing to wait for");
    assertFalse(queue.next());
    MemorySegment buffer = buffer(BLOCK);
    for (int i = 0; i < DEPTH; i++) {
      queue.read(devices.get(0), 0, buffer, IoFlags.NONE, i);
    }
    assertEquals(0, queue.room());
    assertThrows(
        IllegalStateException.class,
        () -> queue.read(devices.get(0), 0, buffer, IoFlags.NONE, DEPTH));
    assertEquals(DEPTH, queue.awaitAll());
    takeAll(DEPTH);
    assertEquals(DEPTH, queue.room());
  }

  @Test
  void readsWhatItWroteWithManyUnderWay() {
    SplittableRandom random = new SplittableRandom(11);
    byte[][] expected = new byte[3][SIZE];
    MemorySegment[] buffers = new MemorySegment[DEPTH];
    for (int i = 0; i < DEPTH; i++) {
      buffers[i] = buffer(64 << 10);
    }
    for (int round = 0; round < 10; round++) {
      int at = 0;
      for (int i = 0; i < DEPTH; i++) {
        int device = random.nextInt(3);
        int length = BLOCK * (1 + random.nextInt(i % 8 == 0 ? 16 : 2));
        if (at + length > SIZE) {
          break;
        }
        fill(buffers[i], random);
        MemorySegment from = buffers[i].asSlice(0, length);
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, expected[device], at, length);
        queue.write(devices.get(device), at, from, IoFlags.NONE, i);
        at += length;
      }
      queue.finish();
    }
    for (int device = 0; device < 3; device++) {
      assertArrayEquals(expected[device], readByQueue(device), "device " + device);
      byte[] plain = new byte[SIZE];
      devices.get(device).read(0, MemorySegment.ofArray(plain));
      assertArrayEquals(expected[device], plain, "device " + device);
    }
  }

  private byte[] readByQueue(int device) {
    MemorySegment whole = buffer(SIZE);
    int step = 128 << 10;
    for (int at = 0; at < SIZE; at += step) {
      queue.read(devices.get(device), at, whole.asSlice(at, step), IoFlags.META, at);
    }
    queue.finish();
    return whole.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void tellsEachTokenOnce() {
    MemorySegment buffer = buffer(BLOCK);
    BitSet seen = new BitSet();
    int sent = 0;
    while (seen.cardinality() < 1000) {
      while (queue.room() > 0 && sent < 1000) {
        queue.read(devices.get(sent % 3), sent % 100 * (long) BLOCK, buffer, IoFlags.NONE, sent++);
      }
      assertTrue(queue.await(1) >= 1);
      while (queue.next()) {
        assertEquals(0, queue.failed());
        assertNull(queue.failure(0));
        int token = (int) queue.token();
        assertFalse(seen.get(token), "token " + token + " came twice");
        seen.set(token);
      }
    }
    assertEquals(0, queue.outstanding());
  }

  @Test
  void writesOneBufferToSeveralPlaces() {
    MemorySegment from = buffer(3 * BLOCK);
    fill(from, new SplittableRandom(5));
    CopyTargets targets = new CopyTargets();
    for (int i = 0; i < 3; i++) {
      targets.add(devices.get(i), (long) i * 10 * BLOCK);
    }
    queue.writeCopies(targets, from, IoFlags.FUA | IoFlags.PREFLUSH | IoFlags.META, 7);
    targets.clear();
    assertEquals(1, queue.await(1));
    assertTrue(queue.next());
    assertEquals(7, queue.token());
    assertEquals(0, queue.failed());
    byte[] expected = from.toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < 3; i++) {
      byte[] got = new byte[expected.length];
      devices.get(i).read((long) i * 10 * BLOCK, MemorySegment.ofArray(got));
      assertArrayEquals(expected, got, "copy " + i);
    }
  }

  @Test
  void tellsWhichCopiesFailedAndWhy() {
    MemorySegment from = buffer(BLOCK);
    CopyTargets targets = new CopyTargets();
    targets.add(devices.get(0), 0).add(devices.get(1), SIZE).add(devices.get(2), -BLOCK);
    queue.writeCopies(targets, from, IoFlags.NONE, 1);
    queue.awaitAll();
    assertTrue(queue.next());
    assertEquals(0b110, queue.failed());
    assertNull(queue.failure(0));
    DeviceException failure = queue.failure(1);
    assertNotNull(failure);
    assertEquals(devices.get(1).name(), failure.place().device());
    assertEquals(SIZE, failure.place().offset());
    assertTrue(failure.sentence().contains("4096 bytes"), failure.sentence());
    assertNotNull(queue.failure(2));
  }

  @Test
  void aFailedRequestDoesNotTouchTheOthers() {
    MemorySegment from = buffer(BLOCK);
    fill(from, new SplittableRandom(3));
    queue.write(devices.get(0), 0, from, IoFlags.NONE, 0);
    queue.write(devices.get(0), SIZE - 512, from, IoFlags.NONE, 1);
    queue.write(devices.get(0), BLOCK, from, IoFlags.PREFLUSH, 2);
    queue.read(devices.get(1), SIZE, buffer(BLOCK), IoFlags.NONE, 3);
    queue.awaitAll();
    int failed = 0;
    for (int i = 0; i < 4; i++) {
      assertTrue(queue.next());
      failed |= queue.failed() << queue.token();
    }
    assertEquals(0b1010, failed);
    byte[] got = new byte[2 * BLOCK];
    devices.get(0).read(0, MemorySegment.ofArray(got));
    assertArrayEquals(from.toArray(ValueLayout.JAVA_BYTE), java.util.Arrays.copyOf(got, BLOCK));
    assertArrayEquals(
        from.toArray(ValueLayout.JAVA_BYTE), java.util.Arrays.copyOfRange(got, BLOCK, 2 * BLOCK));
  }

  @Test
  void finishThrowsTheFirstFailureAndKeepsTheRest() {
    MemorySegment from = buffer(BLOCK);
    queue.write(devices.get(0), SIZE, from, IoFlags.NONE, 0);
    queue.write(devices.get(1), SIZE, from, IoFlags.NONE, 1);
    DeviceException e = assertThrows(DeviceException.class, queue::finish);
    assertEquals(1, e.getSuppressed().length);
    queue.finish();
  }

  @Test
  void refusesRequestsThatAreNoWholeBlocks() {
    MemorySegment buffer = buffer(BLOCK);
    int block = devices.get(0).blockSize();
    queue.write(devices.get(0), block / 2, buffer, IoFlags.NONE, 0);
    queue.write(devices.get(0), 0, buffer.asSlice(0, block - 1), IoFlags.NONE, 1);
    queue.read(devices.get(0), 1, buffer, IoFlags.NONE, 2);
    queue.discard(devices.get(0), 0, block + 1, 3);
    queue.writeZeroes(devices.get(0), block - 1, block, 4);
    queue.awaitAll();
    for (int i = 0; i < 5; i++) {
      assertTrue(queue.next());
      assertEquals(1, queue.failed());
      assertTrue(queue.failure(0).sentence().contains("aligned"), queue.failure(0).sentence());
    }
  }

  @Test
  void refusesBuffersThatItCannotTake() {
    BlockDevice device = devices.get(0);
    MemorySegment heap = MemorySegment.ofArray(new byte[BLOCK]);
    MemorySegment crooked = buffer(2 * BLOCK).asSlice(8, BLOCK);
    MemorySegment nothing = buffer(BLOCK).asSlice(0, 0);
    for (MemorySegment bad : List.of(heap, crooked, nothing)) {
      assertThrows(
          IllegalArgumentException.class, () -> queue.read(device, 0, bad, IoFlags.NONE, 0));
      assertThrows(
          IllegalArgumentException.class, () -> queue.write(device, 0, bad, IoFlags.NONE, 0));
    }
    MemorySegment good = buffer(BLOCK);
    assertThrows(IllegalArgumentException.class, () -> queue.read(device, 0, good, IoFlags.FUA, 0));
    assertThrows(IllegalArgumentException.class, () -> queue.write(device, 0, good, 1 << 20, 0));
    assertEquals(DEPTH, queue.room());
  }

  @Test
  void flushesDiscardsAndWritesZeroes() {
    MemorySegment all = buffer(256 << 10);
    fill(all, new SplittableRandom(8));
    byte[] expected = all.toArray(ValueLayout.JAVA_BYTE);
    queue.write(devices.get(0), 0, all, IoFlags.NONE, 0);
    queue.finish();
    queue.flush(devices.get(0), 1);
    queue.flush(devices.get(1), 2);
    queue.writeZeroes(devices.get(0), 16 << 10, 64 << 10, 3);
    queue.discard(devices.get(0), 128 << 10, 64 << 10, 4);
    queue.finish();
    java.util.Arrays.fill(expected, 16 << 10, 80 << 10, (byte) 0);
    byte[] got = new byte[256 << 10];
    devices.get(0).read(0, MemorySegment.ofArray(got));
    for (int[] range : new int[][] {{0, 128 << 10}, {192 << 10, 256 << 10}}) {
      assertArrayEquals(
          java.util.Arrays.copyOfRange(expected, range[0], range[1]),
          java.util.Arrays.copyOfRange(got, range[0], range[1]));
    }
  }

  @Test
  void aReadOfTheLastBlockIsWhole() {
    MemorySegment from = buffer(BLOCK);
    fill(from, new SplittableRandom(2));
    queue.write(devices.get(2), SIZE - BLOCK, from, IoFlags.FUA, 0);
    queue.finish();
    MemorySegment into = buffer(BLOCK);
    queue.read(devices.get(2), SIZE - BLOCK, into, IoFlags.NONE, 0);
    queue.finish();
    assertArrayEquals(from.toArray(ValueLayout.JAVA_BYTE), into.toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void everythingFailsOnAClosedDevice() {
    devices.get(1).close();
    MemorySegment buffer = buffer(BLOCK);
    queue.read(devices.get(1), 0, buffer, IoFlags.NONE, 0);
    queue.write(devices.get(1), 0, buffer, IoFlags.NONE, 1);
    queue.flush(devices.get(1), 2);
    queue.awaitAll();
    for (int i = 0; i < 3; i++) {
      assertTrue(queue.next());
      assertEquals(1, queue.failed(), "request " + queue.token());
    }
    queue.read(devices.get(0), 0, buffer, IoFlags.NONE, 3);
    queue.finish();
  }

  @Test
  void eachThreadHasItsQueue() throws InterruptedException, ExecutionException {
    int each = SIZE / 4;
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        long at = (long) t * each;
        running.add(pool.submit(() -> writeAndCheck(at, each)));
      }
      for (Future<?> future : running) {
        future.get();
      }
    }
  }

  private void writeAndCheck(long at, int length) {
    try (IoQueue own = openQueue(16)) {
      MemorySegment from = buffer(length);
      fill(from, new SplittableRandom(at));
      long step = length / 16;
      CopyTargets targets = new CopyTargets();
      for (int i = 0; i < 16; i++) {
        long offset = at + i * step;
        targets.clear().add(devices.get(0), offset).add(devices.get(1), offset);
        own.writeCopies(targets, from.asSlice(i * step, step), IoFlags.NONE, i);
      }
      own.finish();
      MemorySegment into = buffer(length);
      for (int i = 0; i < 16; i++) {
        own.read(devices.get(i % 2), at + i * step, into.asSlice(i * step, step), IoFlags.NONE, i);
      }
      own.finish();
      assertEquals(-1, from.mismatch(into));
    }
  }

  private void takeAll(int count) {
    for (int i = 0; i < count; i++) {
      assertTrue(queue.next());
      assertEquals(0, queue.failed());
    }
    assertFalse(queue.next());
  }

  protected final MemorySegment buffer(int bytes) {
    return arena.allocate(bytes, 4096);
  }

  protected static void fill(MemorySegment segment, SplittableRandom random) {
    byte[] bytes = new byte[(int) segment.byteSize()];
    random.nextBytes(bytes);
    segment.copyFrom(MemorySegment.ofArray(bytes));
  }

  /** Whether registering buffers makes a difference. */
  protected boolean pinsBuffersOnce() {
    return false;
  }

  @Test
  void registeredBuffersCarryTheSameData() {
    MemorySegment pool = buffer(1 << 20);
    assertEquals(pinsBuffersOnce(), queue.register(List.of(pool)));
    assertFalse(queue.register(List.of(pool)), "twice");
    SplittableRandom random = new SplittableRandom(4);
    fill(pool.asSlice(0, 512 << 10), random);
    for (int i = 0; i < 16; i++) {
      long at = i * (32L << 10);
      queue.write(devices.get(i % 3), at, pool.asSlice(at, 32 << 10), IoFlags.NONE, i);
    }
    queue.finish();
    for (int i = 0; i < 16; i++) {
      long at = i * (32L << 10);
      MemorySegment into = pool.asSlice(at + (512 << 10), 32 << 10);
      queue.read(devices.get(i % 3), at, into, IoFlags.NONE, i);
    }
    queue.finish();
    assertEquals(-1, pool.asSlice(0, 512 << 10).mismatch(pool.asSlice(512 << 10, 512 << 10)));
    // Memory outside of the pool serves as before.
    MemorySegment outside = buffer(32 << 10);
    queue.read(devices.get(0), 0, outside, IoFlags.NONE, 0);
    queue.finish();
    assertEquals(-1, outside.mismatch(pool.asSlice(0, 32 << 10)));
  }
}
