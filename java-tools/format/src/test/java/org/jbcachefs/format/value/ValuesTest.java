// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ValuesTest {
  private static final int RANDOM_VALUES = 3000;
  private static final int MAX_WORDS = 40;
  private static final long SEED = Long.getLong("jbcachefs.seed", 1);

  /** Decoding, checking and showing random bytes ends well or in a CorruptionException. */
  @ParameterizedTest
  @EnumSource(KeyType.class)
  void randomValuesAreDecodedOrRefused(KeyType type) {
    Random random = new Random(SEED);
    for (int i = 0; i < RANDOM_VALUES; i++) {
      Bkey key = randomKey(random, type.number());
      try {
        roundTrip(key);
      } catch (CorruptionException e) {
        assertFalse(e.errorName().isEmpty());
      } catch (RuntimeException e) {
        throw new AssertionError("reproduce with -Djbcachefs.seed=" + SEED + ", value " + i, e);
      }
      StringBuilder text = new StringBuilder();
      KeyText.append(text, 0, key);
      assertTrue(text.length() > 0);
      Problem problem = KeyValidation.check(random.nextInt(32), random.nextInt(2), key, 1062);
      assertTrue(problem == null || !problem.what().isEmpty());
    }
  }

  private static Bkey randomKey(Random random, int type) {
    byte[] bytes = new byte[8 * random.nextInt(MAX_WORDS)];
    random.nextBytes(bytes);
    // Small numbers get further than large ones.
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] &= (byte) (random.nextInt(4) == 0 ? 0xff : random.nextInt(16));
    }
    return new Bkey()
        .setPos(random.nextInt(3), random.nextInt(10_000), random.nextInt(3) - 1)
        .setSize(random.nextInt(200))
        .setType(type)
        .setValue(MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  private static void roundTrip(Bkey key) {
    Value value = Values.decode(key);
    assertEquals(key.valueBytes(), value.bytes());
    MemorySegment first = MemorySegment.ofArray(new byte[value.bytes()]);
    value.encode(first, 0);
    Value again = Values.decode(new Bkey().set(key).setValue(first, 0, value.bytes()));
    MemorySegment second = MemorySegment.ofArray(new byte[value.bytes()]);
    again.encode(second, 0);
    assertEquals(-1, first.mismatch(second));
  }

  @Test
  void aFewFlippedBitsOfAStateWordLeaveNoDoubt() {
    byte[] bytes = new byte[Snapshot.BYTES];
    MemorySegment value = MemorySegment.ofArray(bytes);
    Bkey key =
        new Bkey()
            .setPos(0, 9, 0)
            .setType(KeyType.SNAPSHOT.number())
            .setValue(value, 0, bytes.length);
    Le.putU32(value, Snapshot.OFFSET_STATE, Snapshot.STATE_DELETED ^ 0x00100402);
    assertTrue(Snapshot.decode(key).deleted());
    Le.putU32(value, Snapshot.OFFSET_STATE, Snapshot.STATE_LIVE);
    Le.putU32(value, Snapshot.OFFSET_FLAGS, Snapshot.FLAG_DELETED);
    assertFalse(Snapshot.decode(key).deleted());
    Le.putU32(value, Snapshot.OFFSET_STATE, 0);
    assertTrue(Snapshot.decode(key).deleted());
  }

  @Test
  void anAccountingKeyIsItsPositionMostSignificantByteFirst() {
    AccountingKey key = AccountingKey.of(new Bpos(0x0203020103070000L, 0, 0));
    assertEquals(AccountingType.REPLICAS.number(), key.type());
    assertEquals(new AccountingKey.Replicas(3, 1, List.of(3, 7)), key.replicas());
    assertEquals(new Bpos(0x0203020103070000L, 0, 0), key.pos());
  }

  @Test
  void beforeVersion115AccountingKeysWereLeastSignificantByteFirst() {
    int old = MetadataVersion.DISK_ACCOUNTING_INUM.number();
    AccountingKey key = AccountingKey.of(new Bpos(0, 0, 0x00050103), old);
    assertEquals(AccountingType.DEV_DATA_TYPE.number(), key.type());
    assertEquals(1, key.number());
    assertEquals(5, key.dataType());
  }

  @Test
  void aPlainNameEndsAtItsFirstNul() {
    Dirent dirent =
        new Dirent(
            4097,
            8,
            0,
            "hello".getBytes(StandardCharsets.UTF_8),
            null,
            Shape.of(Dirent.OFFSET_NAME + 5));
    Bkey key = encode(dirent, KeyType.DIRENT);
    assertEquals(dirent, withoutShape(Dirent.decode(key), dirent));
    assertTrue(Dirent.matches(key, "hello".getBytes(StandardCharsets.UTF_8)));
    assertFalse(Dirent.matches(key, "hellO".getBytes(StandardCharsets.UTF_8)));
    assertNull(KeyValidation.check(2, 0, key, 1062));
  }

  @Test
  void aFoldedNameIsWhatALookupFinds() {
    byte[] name = "Hello".getBytes(StandardCharsets.UTF_8);
    byte[] folded = "hello".getBytes(StandardCharsets.UTF_8);
    Dirent dirent = new Dirent(4097, 8, 0, name, folded, Shape.of(Dirent.OFFSET_NAMES + 10));
    Bkey key = encode(dirent, KeyType.DIRENT);
    assertArrayEquals(name, Dirent.decode(key).name());
    assertArrayEquals(folded, Dirent.decode(key).folded());
    assertTrue(Dirent.matches(key, folded));
    assertFalse(Dirent.matches(key, name));
  }

  private static Dirent withoutShape(Dirent decoded, Dirent like) {
    return new Dirent(
        decoded.target(),
        decoded.type(),
        decoded.unused(),
        decoded.name(),
        decoded.folded(),
        like.shape());
  }

  private static Bkey encode(Value value, KeyType type) {
    MemorySegment out = MemorySegment.ofArray(new byte[value.bytes()]);
    value.encode(out, 0);
    return new Bkey().setPos(4096, 77, -1).setType(type.number()).setValue(out, 0, value.bytes());
  }

  @Test
  void anAclIsEncodedAsItWasDecoded() {
    Acl acl =
        new Acl(
            List.of(
                new Acl.Entry(Acl.TAG_USER_OBJ, 6, -1),
                new Acl.Entry(Acl.TAG_USER, 4, 1000),
                new Acl.Entry(Acl.TAG_OTHER, 0, -1)));
    assertEquals(acl, Acl.decode(acl.encode()));
    assertNull(Acl.decode(new byte[] {2, 0, 0, 0}));
    assertNull(Acl.decode(new byte[] {1, 0, 0, 0, 2, 0, 4, 0}));
  }
}
