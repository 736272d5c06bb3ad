// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.BcachefsException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys with arbitrary bits changed: an error of the format's family, or bytes; nothing else. */
class ReadDamagedKeysTest {
  private static final long SEED = 0xbad;
  private static final int ROUNDS = 4000;
  private static final int BUFFER = 1 << 20;

  @ParameterizedTest
  @ValueSource(strings = {"compression-all", "ec-6dev-degraded", "encryption", "reflink"})
  void changedKeysAreRefusedOrRead(String image) {
    try (GoldenData golden = GoldenData.open(image)) {
      ExtentReader reader =
          new ExtentReader(
              golden.filesystem.devices(),
              golden.filesystem.btrees(),
              golden.filesystem.key().orElse(null),
              finding -> {});
      List<Bkey> keys = keys(golden);
      Random random = new Random(SEED);
      MemorySegment buffer = Arena.ofAuto().allocate(BUFFER);
      int refused = 0;
      int read = 0;
      for (int i = 0; i < ROUNDS; i++) {
        Bkey key = change(keys.get(random.nextInt(keys.size())).copy(), random);
        long size = Integer.toUnsignedLong(key.size()) << 9;
        long from = Math.min(Math.max(0, size - 1), random.nextInt(1 << 18));
        long bytes = Math.min(Math.min(size - from, BUFFER), 1 + random.nextInt(1 << 18));
        try {
          reader.read(key, from, buffer, 0, bytes);
          read++;
        } catch (BcachefsException e) {
          refused++;
        }
      }
      assertTrue(refused > ROUNDS / 10 && read > ROUNDS / 100, refused + " refused, " + read);
    }
  }

  private static List<Bkey> keys(GoldenData golden) {
    List<Bkey> keys = new ArrayList<>();
    for (BtreeId btree : List.of(BtreeId.EXTENTS, BtreeId.REFLINK)) {
      try (KeyIterator all =
          golden.filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
        while (all.next() && keys.size() < 1000) {
          keys.add(all.key().copy());
        }
      }
    }
    return keys;
  }

  private static Bkey change(Bkey key, Random random) {
    for (int n = random.nextInt(3); n >= 0; n--) {
      int bytes = key.valueBytes();
      switch (random.nextInt(8)) {
        case 0 -> key.setSize(random.nextInt() >>> random.nextInt(32));
        case 1 -> key.setType(random.nextInt(40));
        case 2 -> key.setVersion(random.nextInt(), random.nextLong());
        case 3 -> key.setValue(key.segment(), 0, bytes / 8 > 0 ? 8 * random.nextInt(bytes / 8) : 0);
        default -> {
          if (bytes > 0) {
            int bit = random.nextInt(bytes * 8);
            int old = Le.u8(key.segment(), bit / 8);
            Le.putU8(key.segment(), bit / 8, old ^ (1 << bit % 8));
          }
        }
      }
    }
    return key;
  }
}
