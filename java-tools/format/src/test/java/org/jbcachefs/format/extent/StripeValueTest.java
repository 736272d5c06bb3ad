// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.extent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.error.CorruptionException;
import org.junit.jupiter.api.Test;

class StripeValueTest {
  private static final long SEED = 11;
  private final StripeValue stripe = new StripeValue();

  private static Bkey key(MemorySegment value) {
    return new Bkey()
        .setType(KeyType.STRIPE.number())
        .setPos(0, 1, 0)
        .setValue(value, 0, (int) value.byteSize());
  }

  /** 3 + 2 blocks of 20 sectors, a crc32c for each 8: 3 checksums a block. */
  private static MemorySegment value() {
    MemorySegment value = MemorySegment.ofArray(new long[1 + 5 + 8 + 2]);
    Le.putU16(value, 0, 20);
    Le.putU8(value, 2, 0b101_1_0001);
    Le.putU8(value, 3, 5);
    Le.putU8(value, 4, 2);
    Le.putU8(value, 5, 3);
    Le.putU8(value, 6, ChecksumType.CRC32C.number());
    Le.putU8(value, 7, 9);
    for (int block = 0; block < 5; block++) {
      Le.putU64(value, 8 + 8L * block, ExtentPtr.pack(block, 1000L * block, 4, false, false));
      for (int piece = 0; piece < 3; piece++) {
        Le.putU32(value, 48 + 4L * (3 * block + piece), 100 * block + piece);
      }
      Le.putU16(value, 48 + 60 + 2L * block, 7 + block);
    }
    return value;
  }

  @Test
  void allPartsAreFoundWhereTheyAre() {
    stripe.of(key(value()));
    assertEquals(20, stripe.sectors());
    assertEquals(1, stripe.algorithm());
    assertTrue(stripe.needsReconcile());
    assertEquals(5, stripe.canWiden());
    assertEquals(3, stripe.dataBlocks());
    assertEquals(8, stripe.granularity());
    assertEquals(3, stripe.checksumsPerBlock());
    assertEquals(402, stripe.checksum(4, 2));
    assertEquals(11, stripe.blockSectors(4));
    assertEquals(9, stripe.diskLabel());
    assertEquals(2000, ExtentPtr.sector(stripe.ptr(2)));
    assertEquals(120, stripe.valueBytes());
  }

  @Test
  void dataPointersAreMatchedByDeviceGenerationAndRange() {
    stripe.of(key(value()));
    assertTrue(stripe.matches(1, 1, 4, 1000));
    assertTrue(stripe.matches(1, ExtentPtr.NO_DEVICE, 4, 1019));
    assertFalse(stripe.matches(1, 1, 4, 1020));
    assertFalse(stripe.matches(1, 1, 4, 999));
    assertFalse(stripe.matches(1, 1, 5, 1000));
    assertFalse(stripe.matches(1, 2, 4, 1000));
    assertFalse(stripe.matches(3, 3, 4, 3000));
  }

  @Test
  void whatContradictsItselfIsRefused() {
    refused("stripe_sectors_zero", 0, 0);
    refused("stripe_csum_granularity_bad", 5, 64);
    refused("stripe_val_size_bad", 3, 17);
    refused("stripe_val_size_bad", 4, 3);
    refused("stripe_val_size_bad", 3, 2);
    refused("stripe_val_size_bad", 5, 0);
    refused("stripe_csum_type_bad", 6, 4);
    refused("stripe_csum_type_bad", 6, 8);
  }

  private void refused(String error, int offset, int value) {
    MemorySegment bytes = value();
    Le.putU8(bytes, offset, value);
    assertEquals(
        error, assertThrows(CorruptionException.class, () -> stripe.of(key(bytes))).errorName());
  }

  @Test
  void arbitraryBytesAreRefusedOrReadableThroughout() {
    Random random = new Random(SEED);
    int accepted = 0;
    for (int i = 0; i < 100_000; i++) {
      MemorySegment bytes = value();
      for (int n = random.nextInt(4); n >= 0; n--) {
        Le.putU8(bytes, random.nextInt(8), random.nextInt());
      }
      MemorySegment cut = bytes.asSlice(0, 8L * random.nextInt(17));
      try {
        stripe.of(key(cut));
      } catch (CorruptionException e) {
        continue;
      }
      accepted++;
      for (int block = 0; block < stripe.blocks(); block++) {
        stripe.ptr(block);
        stripe.blockSectors(block);
        stripe.checksum(block, stripe.checksumsPerBlock() - 1);
      }
    }
    assertTrue(accepted > 100, "only " + accepted);
  }
}
