// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.bkey;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.SplittableRandom;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.junit.jupiter.api.Test;

class BkeyFormatTest {
  private static final int[] WIDEST = {64, 64, 32, 32, 32, 64};

  private final MemorySegment memory = Arena.ofAuto().allocate(4096, 8);

  @Test
  void unpacksWhatWasPackedInAnyFormat() {
    for (int seed = 0; seed < 20_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      BkeyFormat format = randomFormat(random);
      Bkey key = randomKeyWithin(format, random);
      assertTrue(format.pack(key, memory, 64), () -> "fits " + format + ": " + key);
      Bkey back = format.read(memory, 64, new Bkey());
      String reproduce = "seed " + seed;
      assertEquals(key.pos(), back.pos(), reproduce);
      assertEquals(key.size(), back.size(), reproduce);
      assertEquals(key.versionHi(), back.versionHi(), reproduce);
      assertEquals(key.versionLo(), back.versionLo(), reproduce);
      assertEquals(key.type(), back.type(), reproduce);
      assertEquals(-1, key.value().mismatch(back.value()), reproduce);
    }
  }

  @Test
  void packsFieldsFromTheMostSignificantBitOfTheLastWordDown() {
    for (int seed = 0; seed < 2_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      BkeyFormat format = randomFormat(random);
      Bkey key = randomKeyWithin(format, random);
      format.pack(key, memory, 0);
      assertEquals(asOneNumber(format, key), keyAsNumber(format), "seed " + seed);
    }
  }

  /** What the packed key must be as one big number, by the rule itself. */
  private static BigInteger asOneNumber(BkeyFormat format, Bkey key) {
    long[] values = fields(key);
    BigInteger number = BigInteger.ZERO;
    int low = format.keyU64s() * 64;
    for (int field = 0; field < BkeyFormat.FIELDS; field++) {
      low -= format.bits(field);
      BigInteger stored =
          new BigInteger(Long.toUnsignedString(values[field] - format.fieldOffset(field)));
      number = number.or(stored.shiftLeft(low));
    }
    int header = (format.keyU64s() + key.valueBytes() / 8) | key.type() << 16;
    return number.or(BigInteger.valueOf(header));
  }

  private BigInteger keyAsNumber(BkeyFormat format) {
    BigInteger number = BigInteger.ZERO;
    for (int word = format.keyU64s() - 1; word >= 0; word--) {
      String text = Long.toUnsignedString(Le.u64(memory, 8L * word));
      number = number.shiftLeft(64).or(new BigInteger(text));
    }
    return number;
  }

  @Test
  void comparesKeysLikeTheirPositionsPackedOrNot() {
    for (int seed = 0; seed < 20_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      BkeyFormat format = randomFormat(random);
      Bkey left = randomKeyWithin(format, random);
      Bkey right = random.nextInt(3) == 0 ? new Bkey().set(left) : randomKeyWithin(format, random);
      if (random.nextInt(4) == 0) {
        right.setPos(left.inode(), left.offset(), right.snapshot());
      }
      write(format, left, 0, random.nextBoolean());
      write(format, right, 2048, random.nextBoolean());
      int expected = Integer.signum(left.pos().compareTo(right.pos()));
      String reproduce = "seed " + seed;
      assertEquals(expected, Integer.signum(format.compareKeys(memory, 0, 2048)), reproduce);
      int toPosition =
          format.comparePosition(memory, 0, right.inode(), right.offset(), right.snapshot());
      assertEquals(expected, Integer.signum(toPosition), reproduce);
    }
  }

  private void write(BkeyFormat format, Bkey key, long at, boolean packed) {
    if (packed) {
      assertTrue(format.pack(key, memory, at));
    } else {
      key.writeUnpacked(memory, at);
    }
  }

  @Test
  void refusesToPackWhatDoesNotFit() {
    int[] bits = {8, 16, 0, 0, 0, 0};
    long[] offsets = {4096, 0, 0xffffffffL, 0, 0, 0};
    BkeyFormat format = BkeyFormat.of(bits, offsets);
    Bkey key = new Bkey().setPos(4096, 0, -1).setType(8);
    assertTrue(format.pack(key, memory, 0));
    assertTrue(format.pack(key.setPos(4096 + 255, 65535, -1), memory, 0));
    assertFalse(format.pack(key.setPos(4095, 0, -1), memory, 0));
    assertFalse(format.pack(key.setPos(4096 + 256, 0, -1), memory, 0));
    assertFalse(format.pack(key.setPos(4096, 65536, -1), memory, 0));
    assertFalse(format.pack(key.setPos(4096, 0, -2), memory, 0));
    assertFalse(format.pack(key.setPos(4096, 0, -1).setSize(1), memory, 0));
    assertFalse(format.pack(key.setSize(0).setVersion(0, 1), memory, 0));
    assertFalse(format.pack(key.setVersion(1, 0), memory, 0));
  }

  @Test
  void ignoresNeedsWhiteout() {
    Bkey key = new Bkey().setPos(1, 2, 3).setType(25);
    BkeyFormat.FULL.pack(key, memory, 0);
    Le.putU8(memory, 1, 0x80);
    assertEquals(key.pos(), BkeyFormat.FULL.read(memory, 0, new Bkey()).pos());
    key.writeUnpacked(memory, 0);
    Le.putU8(memory, 1, 0x81);
    assertEquals(key.pos(), BkeyFormat.FULL.read(memory, 0, new Bkey()).pos());
  }

  @Test
  void readsBackEveryFormatItWrites() {
    for (int seed = 0; seed < 2_000; seed++) {
      BkeyFormat format = randomFormat(new SplittableRandom(seed));
      format.write(memory, 0);
      assertEquals(format, BkeyFormat.parse(memory, 0, Place.NOWHERE), "seed " + seed);
    }
  }

  @Test
  void refusesFormatsThatAreWrong() {
    BkeyFormat format = BkeyFormat.of(new int[] {64, 32, 32, 0, 0, 0}, new long[6]);
    format.write(memory, 0);
    assertEquals(format, BkeyFormat.parse(memory, 0, Place.NOWHERE));
    assertBad(0, 1, format);
    assertBad(BkeyFormat.OFFSET_KEY_U64S, format.keyU64s() + 1, format);
    assertBad(BkeyFormat.OFFSET_NR_FIELDS, 5, format);
    assertBad(BkeyFormat.OFFSET_BITS_PER_FIELD, 65, format);
    assertBad(BkeyFormat.OFFSET_BITS_PER_FIELD + 2, 33, format);
    assertBad(BkeyFormat.OFFSET_BITS_PER_FIELD + 1, 255, format);
    // A full field with an offset, and an offset that overflows by one.
    assertBad(BkeyFormat.OFFSET_FIELD_OFFSET, 1, format);
    assertBad(BkeyFormat.OFFSET_FIELD_OFFSET + 8 * 3 + 4, 1, format);
  }

  private void assertBad(int at, int value, BkeyFormat format) {
    int before = Le.u8(memory, at);
    Le.putU8(memory, at, value);
    CorruptionException e =
        assertThrows(CorruptionException.class, () -> BkeyFormat.parse(memory, 0, Place.NOWHERE));
    assertEquals("btree_node_bad_format", e.errorName());
    Le.putU8(memory, at, before);
    assertEquals(format, BkeyFormat.parse(memory, 0, Place.NOWHERE));
  }

  @Test
  void buildsFormatsThatHoldTheirKeys() {
    for (int seed = 0; seed < 2_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      BkeyFormat source = randomFormat(random);
      BkeyFormatBuilder builder = new BkeyFormatBuilder();
      Bkey[] keys = new Bkey[1 + random.nextInt(4)];
      for (int i = 0; i < keys.length; i++) {
        keys[i] = randomKeyWithin(source, random);
        builder.add(keys[i]);
      }
      BkeyFormat format = builder.build();
      for (Bkey key : keys) {
        assertTrue(format.fits(key), "seed " + seed);
      }
      assertTrue(format.keyU64s() <= source.keyU64s(), "seed " + seed);
    }
    assertEquals(1, new BkeyFormatBuilder().build().keyU64s());
    assertTrue(new BkeyFormatBuilder().add(Bpos.MIN).add(Bpos.MAX).build().keyU64s() <= 3);
  }

  private static BkeyFormat randomFormat(SplittableRandom random) {
    int[] bits = new int[BkeyFormat.FIELDS];
    long[] offsets = new long[BkeyFormat.FIELDS];
    for (int field = 0; field < bits.length; field++) {
      bits[field] = random.nextInt(4) == 0 ? 0 : random.nextInt(WIDEST[field] + 1);
      long room = maxOf(WIDEST[field]) - maxOf(bits[field]);
      offsets[field] = below(room, random);
    }
    return BkeyFormat.of(bits, offsets);
  }

  private static Bkey randomKeyWithin(BkeyFormat format, SplittableRandom random) {
    long[] values = new long[BkeyFormat.FIELDS];
    for (int field = 0; field < values.length; field++) {
      values[field] = format.fieldOffset(field) + below(maxOf(format.bits(field)), random);
    }
    byte[] value = new byte[8 * random.nextInt(20)];
    random.nextBytes(value);
    MemorySegment segment = Arena.ofAuto().allocate(value.length + 8L, 8);
    MemorySegment.copy(MemorySegment.ofArray(value), 0, segment, 0, value.length);
    return new Bkey()
        .setPos(values[0], values[1], (int) values[2])
        .setSize((int) values[3])
        .setVersion((int) values[4], values[5])
        .setType(random.nextInt(256))
        .setValue(segment, 0, value.length);
  }

  private static long[] fields(Bkey key) {
    return new long[] {
      key.inode(),
      key.offset(),
      Integer.toUnsignedLong(key.snapshot()),
      Integer.toUnsignedLong(key.size()),
      Integer.toUnsignedLong(key.versionHi()),
      key.versionLo()
    };
  }

  /** Some number from 0 to that one, unsigned, ends more often than chance has it. */
  private static long below(long max, SplittableRandom random) {
    int kind = random.nextInt(4);
    if (kind == 0 || max == 0) {
      return 0;
    }
    if (kind == 1) {
      return max;
    }
    return max == -1 ? random.nextLong() : Long.remainderUnsigned(random.nextLong(), max + 1);
  }

  private static long maxOf(int bits) {
    return bits == 0 ? 0 : -1L >>> (64 - bits);
  }
}
