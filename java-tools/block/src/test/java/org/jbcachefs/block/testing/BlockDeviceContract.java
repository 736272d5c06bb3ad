// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every block device promises. Extend it with a {@link #create} that makes a device of that
 * many zero bytes.
 */
public abstract class BlockDeviceContract {
  protected static final long SIZE = 4 << 20;

  protected BlockDevice device;

  /** A new writable device of that many bytes, all zero. */
  protected abstract BlockDevice create(long size) throws Exception;

  /** The same content again through a new device that refuses writes; closes the first one. */
  protected abstract BlockDevice reopenReadOnly(BlockDevice device) throws Exception;

  /** Whether writes of any place and length are taken, and not only of whole blocks. */
  protected boolean writesAnything() {
    return true;
  }

  private int unit() {
    return writesAnything() ? 1 : device.blockSize();
  }

  @BeforeEach
  void createDevice() throws Exception {
    device = create(SIZE);
  }

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @Test
  void tellsItsSizeAndASaneBlockSize() {
    assertEquals(SIZE, device.size());
    assertTrue(device.blockSize() >= 512);
    assertEquals(1, Integer.bitCount(device.blockSize()));
    assertFalse(device.name().isEmpty());
    assertFalse(device.readOnly());
  }

  @Test
  void startsAsZeros() {
    assertArrayEquals(new byte[70_000], read(12_288, 70_000));
  }

  @Test
  void readsBackWhatWasWrittenAtEveryAlignment() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] expected = new byte[(int) SIZE];
    for (int i = 0; i < 200; i++) {
      int length = unit() * (1 + random.nextInt((i % 10 == 0 ? 300_000 : 5_000) / unit()));
      int offset = random.nextInt(((int) SIZE - length) / unit()) * unit();
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      write(offset, bytes, i % 2 == 0);
      System.arraycopy(bytes, 0, expected, offset, length);
    }
    assertArrayEquals(expected, read(0, (int) SIZE));
    assertArrayEquals(java.util.Arrays.copyOfRange(expected, 777, 777 + 65_537), read(777, 65_537));
  }

  @Test
  void heapAndNativeSegmentsReadTheSame() {
    write(4096, pattern(12_288), true);
    byte[] heap = new byte[10_000];
    device.read(4096, MemorySegment.ofArray(heap));
    assertArrayEquals(java.util.Arrays.copyOf(pattern(12_288), 10_000), heap);
    assertArrayEquals(heap, read(4096, 10_000));
    write(65_536, pattern(12_288), false);
    assertArrayEquals(pattern(12_288), read(65_536, 12_288));
  }

  @Test
  void keepsItsContentWhenItIsOpenedAgainForReading() throws Exception {
    write(4096, pattern(8192), true);
    device.flush();
    device = reopenReadOnly(device);
    assertTrue(device.readOnly());
    assertArrayEquals(pattern(8192), read(4096, 8192));
    assertArrayEquals(java.util.Arrays.copyOf(pattern(8192), 777), read(4096, 777));
    assertEquals(SIZE, device.size());
  }

  @Test
  void writesWithEveryFlagReadBack() {
    byte[] expected = new byte[32 * 4096];
    for (int flags = 0; flags <= IoFlags.OF_WRITES; flags++) {
      byte[] bytes = new byte[4096];
      java.util.Arrays.fill(bytes, (byte) (flags + 1));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment segment = arena.allocate(4096, 4096);
        segment.copyFrom(MemorySegment.ofArray(bytes));
        device.write(flags * 4096L, segment, flags);
      }
      System.arraycopy(bytes, 0, expected, flags * 4096, 4096);
    }
    device.flush();
    assertArrayEquals(expected, read(0, expected.length));
    byte[] block = new byte[device.blockSize()];
    assertThrows(
        IllegalArgumentException.class,
        () -> device.write(0, MemorySegment.ofArray(block), IoFlags.OF_WRITES + 1));
  }

  @Test
  void writesThatAreNoWholeBlocksAreTakenOrRefusedAsAWhole() {
    byte[] odd = pattern(device.blockSize() + 1);
    MemorySegment segment = MemorySegment.ofArray(odd);
    if (writesAnything()) {
      device.write(3, segment);
      assertArrayEquals(odd, read(3, odd.length));
      return;
    }
    for (long[] place : new long[][] {{0, odd.length}, {1, device.blockSize()}}) {
      MemorySegment part = segment.asSlice(0, place[1]);
      DeviceException e = assertThrows(DeviceException.class, () -> device.write(place[0], part));
      assertTrue(e.sentence().contains("not aligned"), e.sentence());
      assertThrows(DeviceException.class, () -> device.writeZeroes(place[0], place[1]));
      assertThrows(DeviceException.class, () -> device.discard(place[0], place[1]));
    }
    assertArrayEquals(new byte[4096], read(0, 4096));
  }

  @Test
  void writesToTheVeryEnd() {
    byte[] last = pattern(4096);
    write(SIZE - 4096, last, true);
    assertArrayEquals(last, read(SIZE - 4096, 4096));
    assertArrayEquals(
        java.util.Arrays.copyOfRange(last, 4095, 4096), read(SIZE - 1, 1), "the last byte");
  }

  @Test
  void aReadOnlyDeviceRefusesEveryChange() throws Exception {
    device = reopenReadOnly(device);
    byte[] block = new byte[device.blockSize()];
    assertThrows(DeviceException.class, () -> device.write(0, MemorySegment.ofArray(block)));
    assertThrows(
        DeviceException.class, () -> device.write(0, MemorySegment.ofArray(block), IoFlags.FUA));
    assertThrows(DeviceException.class, () -> device.writeZeroes(0, 512));
    assertThrows(DeviceException.class, () -> device.discard(0, 512));
    device.flush();
    assertArrayEquals(new byte[512], read(0, 512));
  }

  @Test
  void writesZeroesOverExactlyTheRange() {
    byte[] all = pattern(303_104);
    write(0, all, true);
    device.writeZeroes(10_240, 200_704);
    java.util.Arrays.fill(all, 10_240, 210_944, (byte) 0);
    assertArrayEquals(all, read(0, all.length));
  }

  @Test
  void discardTouchesNothingOutsideOfItsRange() {
    byte[] all = pattern(303_104);
    write(0, all, true);
    device.discard(8_192, 65_536);
    assertArrayEquals(java.util.Arrays.copyOf(all, 8_192), read(0, 8_192));
    assertArrayEquals(
        java.util.Arrays.copyOfRange(all, 73_728, all.length), read(73_728, all.length - 73_728));
  }

  @Test
  void refusesRangesOutsideOfTheDevice() {
    for (long[] range :
        new long[][] {{SIZE, 1}, {SIZE - 1, 2}, {-1, 1}, {Long.MAX_VALUE, 1}, {SIZE + 512, 0}}) {
      byte[] buffer = new byte[(int) range[1]];
      MemorySegment segment = MemorySegment.ofArray(buffer);
      assertThrows(DeviceException.class, () -> device.read(range[0], segment));
      assertThrows(DeviceException.class, () -> device.write(range[0], segment));
      assertThrows(DeviceException.class, () -> device.writeZeroes(range[0], range[1]));
      assertThrows(DeviceException.class, () -> device.discard(range[0], range[1]));
    }
  }

  @Test
  void namesItselfAndTheByteInItsErrors() {
    DeviceException e =
        assertThrows(
            DeviceException.class, () -> device.read(SIZE, MemorySegment.ofArray(new byte[7])));
    assertEquals(device.name(), e.place().device());
    assertEquals(SIZE, e.place().offset());
    assertTrue(e.sentence().contains("7 bytes"), e.sentence());
  }

  @Test
  void anEmptyReadAtTheEndIsFine() {
    device.read(SIZE, MemorySegment.ofArray(new byte[0]));
    device.write(SIZE, MemorySegment.ofArray(new byte[0]));
  }

  @Test
  void refusesEverythingOnceClosed() {
    device.close();
    assertThrows(DeviceException.class, () -> device.read(0, MemorySegment.ofArray(new byte[512])));
    assertThrows(
        DeviceException.class, () -> device.write(0, MemorySegment.ofArray(new byte[512])));
    assertThrows(DeviceException.class, device::flush);
    device.close();
  }

  @Test
  void servesManyThreadsAtOnce() throws InterruptedException, ExecutionException {
    int each = 256 << 10;
    int threads = (int) (SIZE / each);
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        long seed = t;
        running.add(pool.submit(() -> writeAndCheck(seed, (int) seed * each, each)));
      }
      for (Future<?> future : running) {
        future.get();
      }
    }
    for (int t = 0; t < threads; t++) {
      byte[] expected = new byte[each];
      new SplittableRandom(t).nextBytes(expected);
      assertArrayEquals(expected, read((long) t * each, each));
    }
  }

  private void writeAndCheck(long seed, int offset, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    int step = 8_192;
    for (int at = 0; at < length; at += step) {
      write(offset + at, java.util.Arrays.copyOfRange(bytes, at, at + step), true);
      device.read(offset + at, MemorySegment.ofArray(new byte[step]));
    }
    device.flush();
  }

  protected final byte[] read(long offset, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(Math.max(1, length)).asSlice(0, length);
      device.read(offset, segment);
      return segment.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  protected final void write(long offset, byte[] bytes, boolean nativeBuffer) {
    if (!nativeBuffer) {
      device.write(offset, MemorySegment.ofArray(bytes));
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(bytes.length);
      segment.copyFrom(MemorySegment.ofArray(bytes));
      device.write(offset, segment);
    }
  }

  protected static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8) + 1);
    }
    return bytes;
  }
}
