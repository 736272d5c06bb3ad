// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jbcachefs.block.testing.BlockDeviceContract;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.Test;

/** Without faults it is a device like any other; with them it misbehaves exactly as promised. */
class FaultyDeviceTest extends BlockDeviceContract {
  private MemoryDevice media;

  @Override
  protected BlockDevice create(long size) {
    media = new MemoryDevice("faulty", size);
    return new FaultyDevice(media, 42);
  }

  @Override
  protected BlockDevice reopenReadOnly(BlockDevice device) {
    MemoryDevice copy = media.copy("faulty");
    device.close();
    return new FaultyDevice(copy.makeReadOnly(), 42);
  }

  private FaultyDevice faulty() {
    return (FaultyDevice) device;
  }

  @Test
  void failsReadsThatTouchABadRangeAndNoOthers() {
    faulty().failReads(8192, 512);
    read(0, 8192);
    read(8704, 512);
    assertThrows(DeviceException.class, () -> read(8000, 193));
    assertThrows(DeviceException.class, () -> read(8703, 1));
    write(8192, pattern(512), true);
    faulty().heal();
    assertArrayEquals(pattern(512), read(8192, 512));
  }

  @Test
  void aWriteToABadRangeFailsAndChangesNothing() {
    faulty().failWrites(4096, 4096);
    assertThrows(DeviceException.class, () -> write(0, pattern(8192), true));
    assertArrayEquals(new byte[8192], read(0, 8192));
  }

  @Test
  void rotFlipsExactlyThatManyBitsInTheRange() {
    faulty().rot(1000, 500, 17);
    BitSet bits = BitSet.valueOf(read(0, (int) SIZE));
    assertEquals(17, bits.cardinality());
    assertTrue(bits.nextSetBit(0) >= 8000 && bits.length() <= 12_000);
  }

  @Test
  void aLostWriteIsAcknowledgedAndNeverSeen() {
    faulty().loseWrites(1);
    write(0, pattern(4096), true);
    device.flush();
    assertArrayEquals(new byte[4096], read(0, 4096));
  }

  @Test
  void tornWritesAreTornBetweenSectors() {
    faulty().tearWrites(1);
    int torn = 0;
    for (int i = 0; i < 50; i++) {
      long offset = i * 16_384L;
      write(offset, pattern(16_384), true);
      int kept = wholeSectors(read(offset, 16_384), pattern(16_384), new byte[16_384]);
      torn += kept > 0 && kept < 32 ? 1 : 0;
    }
    assertTrue(torn > 30, "only " + torn + " of 50 writes were torn");
  }

  @Test
  void aPowerCutNeverTouchesWhatWasFlushed() {
    for (long seed = 0; seed < 100; seed++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), seed);
      device.write(0, MemorySegment.ofArray(pattern(16_384)));
      device.flush();
      device.write(32_768, MemorySegment.ofArray(pattern(16_384)));
      device.cutPower();
      assertThrows(DeviceException.class, () -> readAll(device));
      byte[] after = readAll(device.restorePower());
      assertArrayEquals(pattern(16_384), java.util.Arrays.copyOf(after, 16_384), "seed " + seed);
      assertArrayEquals(
          new byte[16_384], java.util.Arrays.copyOfRange(after, 16_384, 32_768), "seed " + seed);
    }
  }

  @Test
  void unflushedWritesAreKeptLostTornAndReorderedByAPowerCut() {
    List<Integer> outcomes = new ArrayList<>();
    boolean reordered = false;
    for (long seed = 0; seed < 200; seed++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), seed);
      byte[] first = filled(1);
      byte[] second = filled(2);
      device.write(0, MemorySegment.ofArray(first));
      device.write(16_384, MemorySegment.ofArray(second));
      device.cutPower();
      byte[] after = readAll(device.restorePower());
      int one = wholeSectors(java.util.Arrays.copyOf(after, 16_384), first, new byte[16_384]);
      int two =
          wholeSectors(
              java.util.Arrays.copyOfRange(after, 16_384, 32_768), second, new byte[16_384]);
      outcomes.add(one);
      reordered |= one == 0 && two == 32;
    }
    assertTrue(outcomes.contains(0), "never lost");
    assertTrue(outcomes.contains(32), "never kept");
    assertTrue(outcomes.stream().anyMatch(n -> n > 0 && n < 32), "never torn");
    assertTrue(reordered, "a later write never survived an earlier one");
  }

  @Test
  void overlappingUnflushedWritesLeaveOneOfTheirVersionsInEachSector() {
    for (long seed = 0; seed < 100; seed++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), seed);
      for (int version = 1; version <= 5; version++) {
        device.write(0, MemorySegment.ofArray(filled(version)));
      }
      device.cutPower();
      byte[] after = readAll(device.restorePower());
      for (int sector = 0; sector < 32; sector++) {
        byte version = after[sector * 512];
        assertTrue(version >= 0 && version <= 5);
        for (int i = 0; i < 512; i++) {
          assertEquals(version, after[sector * 512 + i], "seed " + seed);
        }
      }
    }
  }

  @Test
  void aWriteWithFuaSurvivesAPowerCutAndSavesNoOther() {
    boolean lostAnother = false;
    for (long seed = 0; seed < 100; seed++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), seed);
      device.write(0, MemorySegment.ofArray(filled(1)));
      device.write(32_768, MemorySegment.ofArray(filled(2)));
      device.write(0, MemorySegment.ofArray(filled(3)), IoFlags.FUA);
      device.cutPower();
      byte[] after = readAll(device.restorePower());
      assertArrayEquals(filled(3), java.util.Arrays.copyOf(after, 16_384), "seed " + seed);
      lostAnother |= after[32_768] != 2;
    }
    assertTrue(lostAnother, "FUA flushed everything");
  }

  @Test
  void aPreflushMakesWhatCameBeforeDurable() {
    for (long seed = 0; seed < 100; seed++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), seed);
      device.write(0, MemorySegment.ofArray(filled(1)));
      device.write(32_768, MemorySegment.ofArray(filled(2)), IoFlags.PREFLUSH);
      device.cutPower();
      byte[] after = readAll(device.restorePower());
      assertArrayEquals(filled(1), java.util.Arrays.copyOf(after, 16_384), "seed " + seed);
    }
  }

  @Test
  void theSameSeedTellsTheSameStory() {
    byte[][] stories = new byte[2][];
    for (int run = 0; run < 2; run++) {
      FaultyDevice device = new FaultyDevice(new MemoryDevice("cut", 1 << 16), 7);
      for (int i = 0; i < 20; i++) {
        device.write(i * 1_500L, MemorySegment.ofArray(pattern(4_000)));
      }
      device.cutPower();
      stories[run] = readAll(device.restorePower());
    }
    assertArrayEquals(stories[0], stories[1]);
  }

  @Test
  void thePowerGoesInTheMiddleOfTheChosenWrite() {
    faulty().cutPowerAfter(3);
    for (int i = 0; i < 3; i++) {
      write(i * 512L, pattern(512), true);
    }
    assertTrue(faulty().hasPower());
    assertThrows(DeviceException.class, () -> write(4096, pattern(512), true));
    assertFalse(faulty().hasPower());
    assertEquals(3, faulty().counts().writes());
  }

  @Test
  void aDyingDeviceNeverAnswersAgain() {
    faulty().dieAfter(2);
    read(0, 512);
    device.flush();
    for (int i = 0; i < 3; i++) {
      DeviceException e = assertThrows(DeviceException.class, () -> read(0, 512));
      assertTrue(e.sentence().contains("does not answer"), e.sentence());
    }
  }

  @Test
  void latencyGoesThroughThePauseItWasGiven() {
    List<Long> pauses = new ArrayList<>();
    faulty().delay(1_000, 2_000, pauses::add);
    read(0, 512);
    write(0, pattern(512), true);
    device.flush();
    assertEquals(3, pauses.size());
    assertTrue(pauses.stream().allMatch(nanos -> nanos >= 1_000 && nanos <= 2_000));
  }

  @Test
  void occasionalFailuresAreOccasional() {
    faulty().failSometimes(0.5);
    int failed = 0;
    for (int i = 0; i < 100; i++) {
      try {
        read(0, 512);
      } catch (DeviceException e) {
        assertTrue(e.sentence().contains("Input/output error"), e.sentence());
        failed++;
      }
    }
    assertTrue(failed > 20 && failed < 80, failed + " of 100 reads failed");
  }

  private static byte[] filled(int version) {
    byte[] bytes = new byte[16_384];
    java.util.Arrays.fill(bytes, (byte) version);
    return bytes;
  }

  private static byte[] readAll(FaultyDevice device) {
    byte[] bytes = new byte[(int) device.size()];
    device.read(0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** How many sectors are as in {@code kept}; all others must be as in {@code lost}. */
  private static int wholeSectors(byte[] actual, byte[] kept, byte[] lost) {
    int count = 0;
    for (int at = 0; at < actual.length; at += 512) {
      if (java.util.Arrays.equals(actual, at, at + 512, kept, at, at + 512)) {
        count++;
      } else {
        assertTrue(
            java.util.Arrays.equals(actual, at, at + 512, lost, at, at + 512),
            "sector at " + at + " is neither");
      }
    }
    return count;
  }
}
