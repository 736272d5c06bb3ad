// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.StripeValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every stripe of a filesystem with four data blocks, P and Q, with any blocks of it gone. */
class RebuildGoldenStripesTest {
  private static final String IMAGE = "ec-6dev";

  private final List<DamagedView> views = DamagedView.of(IMAGE);
  private final GoldenData golden = GoldenData.open(IMAGE, views);
  private final StripeReader reader =
      new StripeReader(golden.filesystem.btrees(), golden.filesystem.devices());
  private final Scratch scratch = new Scratch();
  private final StripeValue stripe = new StripeValue();

  @AfterEach
  void close() {
    golden.close();
  }

  @Test
  void anyTwoBlocksComeBackWhenTheyAreMissing() {
    assertTrue(everyPair((block, bytes) -> view(block).failReads(start(block), bytes)) > 100);
  }

  @Test
  void anyTwoBlocksComeBackWhenTheyAreDamaged() {
    assertTrue(
        everyPair((block, bytes) -> view(block).flip(start(block) + bytes / 2, 16, 0x40)) > 100);
  }

  @Test
  void aSingleFlippedBitInAnyBlockIsNoticed() {
    assertTrue(everyPair((block, _) -> view(block).flip(start(block) + 77, 1, 1)) > 100);
  }

  @Test
  void threeLostBlocksAreLost() {
    Bkey key = firstStripe();
    stripe.of(key);
    for (int other = 1; other < stripe.blocks(); other++) {
      for (int third = other + 1; third < stripe.blocks(); third++) {
        views.forEach(DamagedView::heal);
        for (int block : new int[] {0, other, third}) {
          view(block).failReads(start(block), bytes());
        }
        assertThrows(BcachefsException.class, () -> rebuild(key, 0, 0, stripe.sectors()));
      }
    }
  }

  @Test
  void partsOfABlockComeBackToo() {
    Bkey key = firstStripe();
    stripe.of(key);
    for (int from = 0; from < stripe.sectors(); from += 37) {
      for (int sectors = 1; from + sectors <= stripe.sectors(); sectors += 61) {
        assertSame(1, from, sectors, rebuild(key, 1, from, sectors));
      }
    }
  }

  @Test
  void aPointerThatIsNotInItsBlockIsRefused() {
    Bkey key = firstStripe();
    stripe.of(key);
    Replicas.Replica replica = replica(key, 1, 0);
    replica.stripeBlock = 2;
    MemorySegment out = Arena.ofAuto().allocate(512);
    assertThrows(CorruptionException.class, () -> reader.rebuild(replica, 0, 1, out, scratch));
    Replicas.Replica late = replica(key, 1, stripe.sectors() - 1);
    MemorySegment two = Arena.ofAuto().allocate(1024);
    assertThrows(CorruptionException.class, () -> reader.rebuild(late, 0, 2, two, scratch));
  }

  /** Does something to a block of the current stripe. */
  private interface Harm {
    void to(int block, long bytes);
  }

  private int everyPair(Harm harm) {
    int rebuilt = 0;
    try (KeyIterator keys =
        golden.filesystem.btrees().iterate(BtreeId.STRIPES.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        Bkey key = keys.key().copy();
        stripe.of(key);
        assertEquals(2, stripe.redundant());
        assertEquals(key.valueBytes(), stripe.valueBytes());
        for (int wanted = 0; wanted < stripe.dataBlocks(); wanted++) {
          for (int other = 0; other < stripe.blocks(); other++) {
            views.forEach(DamagedView::heal);
            harm.to(wanted, bytes());
            harm.to(other, bytes());
            MemorySegment block = rebuild(key, wanted, 0, stripe.sectors());
            views.forEach(DamagedView::heal);
            assertSame(wanted, 0, stripe.sectors(), block);
            rebuilt++;
          }
        }
      }
    }
    return rebuilt;
  }

  private Bkey firstStripe() {
    try (KeyIterator keys =
        golden.filesystem.btrees().iterate(BtreeId.STRIPES.number(), Bpos.MIN, Bpos.MAX)) {
      assertTrue(keys.next());
      return keys.key().copy();
    }
  }

  private MemorySegment rebuild(Bkey key, int block, int from, int sectors) {
    MemorySegment out = Arena.ofAuto().allocate((long) sectors << 9);
    reader.rebuild(replica(key, block, 0), from, sectors, out, scratch);
    return out;
  }

  private Replicas.Replica replica(Bkey key, int block, int from) {
    Replicas.Replica replica = new Replicas.Replica();
    long ptr = stripe.ptr(block);
    replica.ptr = ExtentPtr.OFFSET.set(ptr, ExtentPtr.sector(ptr) + from);
    replica.stripeIdx = key.offset();
    replica.stripeBlock = block;
    return replica;
  }

  private void assertSame(int block, int from, int sectors, MemorySegment rebuilt) {
    MemorySegment stored = Arena.ofAuto().allocate((long) sectors << 9);
    view(block).read(start(block) + ((long) from << 9), stored);
    assertEquals(-1, stored.mismatch(rebuilt), "block " + block);
  }

  private DamagedView view(int block) {
    return views.get(ExtentPtr.dev(stripe.ptr(block)));
  }

  private long start(int block) {
    return ExtentPtr.sector(stripe.ptr(block)) << 9;
  }

  private long bytes() {
    return (long) stripe.sectors() << 9;
  }
}
