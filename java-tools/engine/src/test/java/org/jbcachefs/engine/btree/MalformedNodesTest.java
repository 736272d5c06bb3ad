// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeDecoder;
import org.jbcachefs.format.node.NodeEncoder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MalformedNodesTest {
  private static final int ROUNDS = 150;

  private static GoldenBtrees open(String name, boolean rescue) {
    List<BlockDevice> devices = new ArrayList<>();
    GoldenImages.open(name).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
    return rescue ? GoldenBtrees.forRescue(name, devices) : GoldenBtrees.over(name, devices);
  }

  /** Root nodes above the leaves: what they say leads everywhere else. */
  private static List<BtreePointer> roots(GoldenBtrees golden) {
    List<BtreePointer> roots = new ArrayList<>();
    for (int btree : golden.btrees.present()) {
      roots.add(golden.btrees.rootPointer(btree));
    }
    return roots;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rootsOfNonsenseWithGoodChecksumsThrowOnlyOurExceptions(boolean rescue) {
    for (int seed = 0; seed < ROUNDS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (GoldenBtrees golden = open("snapshots", rescue)) {
        List<BtreePointer> roots = roots(golden);
        BtreePointer root = roots.get(random.nextInt(roots.size()));
        mutate(golden, root, random);
        String reproduce = "seed " + seed + " " + root;
        try {
          readAll(golden.btrees, root.btree(), random);
        } catch (BcachefsException e) {
          assertTrue(!e.getMessage().isEmpty(), reproduce);
        } catch (RuntimeException | Error e) {
          throw new AssertionError(reproduce, e);
        }
      }
    }
  }

  private static void mutate(GoldenBtrees golden, BtreePointer pointer, SplittableRandom random) {
    BtreePointer.Replica replica = pointer.replicas().getFirst();
    int length = NodeDecoder.bytesToRead(golden.context, pointer);
    MemorySegment bytes = Arena.ofAuto().allocate(length, 8);
    golden.devices.read(replica.device(), replica.sector(), bytes);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(length, 400) : length);
      int kind = random.nextInt(3);
      int value = kind == 0 ? random.nextInt(256) : kind == 1 ? 0xff : Le.u8(bytes, at) + 1;
      bytes.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }
    NodeEncoder.restamp(golden.context, bytes, length);
    golden.devices.device(replica.device()).write(replica.sector() * 512, bytes);
  }

  private static void readAll(Btrees btrees, int btree, SplittableRandom random) {
    Bkey out = new Bkey();
    for (int level = btrees.rootLevel(btree); level >= 0; level--) {
      try (KeyIterator keys = btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
        boolean more = true;
        while (more) {
          more = step(keys);
        }
      }
    }
    for (int i = 0; i < 20; i++) {
      btrees.lookup(btree, new Bpos(random.nextInt(10_000), random.nextInt(10_000), -1), out);
    }
    assertTrue(btrees.partition(btree, 8).size() <= 8);
  }

  // An iterator goes on behind what it could not read.
  private static boolean step(KeyIterator keys) {
    try {
      return keys.next();
    } catch (BcachefsException e) {
      return true;
    }
  }
}
