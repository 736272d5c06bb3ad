// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.direct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.CopyTargets;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.testing.IoQueueContract;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.block.testing.NativeCode;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UringQueueTest extends IoQueueContract {
  @TempDir Path directory;

  @BeforeAll
  static void load() {
    NativeCode.require();
  }

  @Override
  protected BlockDevice create(String name, long size) {
    Path path = directory.resolve(name);
    FileBlockDevice.create(path, size).close();
    return UringBlockDevice.openReadWrite(path);
  }

  @BeforeEach
  void itIsIoUring() {
    Assumptions.assumeTrue(queue instanceof NativeQueue, "io_uring is not allowed here");
  }

  @Test
  void aFailureSaysItsErrno() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(devices.get(0).name(), "rw")) {
      file.setLength(SIZE / 2);
    }
    queue.read(devices.get(0), SIZE / 2, buffer(4096), IoFlags.NONE, 1);
    queue.awaitAll();
    assertTrue(queue.next());
    NativeException cause = assertInstanceOf(NativeException.class, queue.failure(0).getCause());
    assertEquals(Errno.ENODATA, cause.errno());
    assertEquals("read", cause.operation());
  }

  @Override
  protected boolean pinsBuffersOnce() {
    return true;
  }

  @Test
  void aDeviceOfAnotherKindIsRefused() {
    BlockDevice other = new MemoryDevice("memory", SIZE);
    assertFalse(queue.accepts(other));
    MemorySegment buffer = buffer(4096);
    assertThrows(
        IllegalArgumentException.class, () -> queue.read(other, 0, buffer, IoFlags.NONE, 0));
    assertEquals(queue.capacity(), queue.room());
    queue.read(devices.get(0), 0, buffer, IoFlags.NONE, 0);
    queue.finish();
  }

  @Test
  void aDeviceThatCameLaterCanBeReached() {
    try (BlockDevice later = create("later", SIZE)) {
      assertTrue(queue.accepts(later));
      MemorySegment buffer = buffer(4096);
      fill(buffer, new SplittableRandom(6));
      queue.writeCopies(
          new CopyTargets().add(later, 4096).add(devices.get(1), 0), buffer, IoFlags.FUA, 0);
      queue.finish();
      MemorySegment again = buffer(4096);
      queue.read(later, 4096, again, IoFlags.NONE, 0);
      queue.finish();
      assertEquals(-1, buffer.mismatch(again));
    }
  }

  @Test
  void nothingIsAllocatedForARequest() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    MemorySegment buffer = buffer(4096);
    CopyTargets targets = new CopyTargets().add(devices.get(0), 0).add(devices.get(1), 0);
    long before = 0;
    for (int round = 0; round < 4_000; round++) {
      if (round == 3_000) {
        before = threads.getCurrentThreadAllocatedBytes();
      }
      for (int i = 0; i < 8; i++) {
        queue.write(devices.get(i % 3), i * 4096L, buffer, IoFlags.META, i);
        queue.read(devices.get(i % 3), i * 4096L, buffer, IoFlags.NONE, i);
      }
      queue.writeCopies(targets, buffer, IoFlags.NONE, 9);
      queue.finish();
      devices.get(0).write(0, buffer);
      devices.get(0).read(0, buffer);
    }
    long each = (threads.getCurrentThreadAllocatedBytes() - before) / (1_000 * 19);
    assertEquals(0, each, "bytes allocated for each request");
  }
}
