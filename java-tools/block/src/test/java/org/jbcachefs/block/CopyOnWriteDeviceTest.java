// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.junit.jupiter.api.Test;

class CopyOnWriteDeviceTest {
  private final MemoryDevice base = new MemoryDevice("base", 1 << 20);
  private final CopyOnWriteDevice device = new CopyOnWriteDevice(base);

  @Test
  void readsBackWhatWasWrittenAndLeavesTheBaseAlone() {
    byte[] old = new byte[1 << 20];
    Arrays.fill(old, (byte) 7);
    base.write(0, MemorySegment.ofArray(old));
    byte[] written = new byte[10_000];
    Arrays.fill(written, (byte) 9);
    device.write(5_000, MemorySegment.ofArray(written));
    device.flip(100, 0x80);
    device.zero(20_000, 10);
    byte[] expected = old.clone();
    System.arraycopy(written, 0, expected, 5_000, written.length);
    expected[100] ^= (byte) 0x80;
    Arrays.fill(expected, 20_000, 20_010, (byte) 0);
    assertArrayEquals(expected, read(device));
    assertArrayEquals(old, read(base));
    assertEquals(base.size(), device.size());
  }

  private static byte[] read(BlockDevice device) {
    byte[] bytes = new byte[(int) device.size()];
    device.read(0, MemorySegment.ofArray(bytes));
    return bytes;
  }
}
