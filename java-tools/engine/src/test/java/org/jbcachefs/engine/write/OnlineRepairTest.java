// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckRun;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.FrozenFilesystem;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.OnlineRepair;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairListener;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.sb.ExtSection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks and repairs of filesystems that are changed meanwhile. */
class OnlineRepairTest {
  private static final int NODE_BYTES = 16 << 10;
  private static final int CHECKS = 4;

  @TempDir Path folder;

  private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();
  private final List<String> found = new ArrayList<>();

  /** Changes files at random until it is told to end. */
  private final class Writer extends Thread {
    private final WritableFilesystem filesystem;
    private final WritableTree tree;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean ended;
    private final AtomicInteger done = new AtomicInteger();

    Writer(WritableFilesystem filesystem, WritableTree tree) {
      this.filesystem = filesystem;
      this.tree = tree;
      setUncaughtExceptionHandler((_, e) -> failure.set(e));
    }

    @Override
    public void run() {
      Random random = new Random(9);
      while (!ended) {
        gate.readLock().lock();
        try {
          step(tree, random);
          if (random.nextInt(8) == 0) {
            filesystem.tick();
          }
        } finally {
          gate.readLock().unlock();
        }
        done.incrementAndGet();
      }
    }

    void end() throws InterruptedException {
      ended = true;
      join();
      assertNull(failure.get());
    }
  }

  private static void step(WritableTree tree, Random random) {
    byte[] name = ("file" + random.nextInt(60)).getBytes(US_ASCII);
    if (random.nextInt(3) == 0) {
      if (tree.lookup(tree.root(), name).isPresent()) {
        tree.unlink(tree.root(), name);
      }
      return;
    }
    InodeId id =
        tree.lookup(tree.root(), name)
            .orElseGet(() -> tree.create(tree.root(), name, NewInode.of(0100644, 0, 0)))
            .id();
    byte[] bytes = new byte[1 + random.nextInt(40_000)];
    random.nextBytes(bytes);
    tree.write(id, random.nextInt(100_000), MemorySegment.ofArray(bytes));
  }

  private void quietly(Runnable work) {
    gate.writeLock().lock();
    try {
      work.run();
    } finally {
      gate.writeLock().unlock();
    }
  }

  private RepairOutcome fsck(WritableFilesystem filesystem, int rounds) {
    return new OnlineRepair(filesystem, this::quietly, options(), rounds, new Listener()).run();
  }

  private CheckOptions options() {
    return CheckOptions.defaults().withThreads(2).withSpill(folder);
  }

  private final class Listener implements RepairListener {
    @Override
    public CheckListener checking(int round, ReadFilesystem filesystem) {
      return new Quiet();
    }

    @Override
    public boolean accept(CheckFinding finding, Repair repair) {
      return true;
    }

    @Override
    public void repairing(Repair repair, List<CheckFinding> findings) {}
  }

  private final class Quiet implements CheckListener {
    @Override
    public void finding(CheckFinding finding) {
      found.add(finding.name() + ": " + finding.sentence());
    }
  }

  private static WritableFilesystem create(BlockDevice device) {
    return SmallFilesystem.create(
        List.of(new LentDevice(device)), NODE_BYTES, SmallFilesystem.options(1));
  }

  private void assertSound(BlockDevice device) {
    assertEquals("", CheckRun.of("online", List.of(new LentDevice(device)), options()).text());
  }

  @Test
  void whatIsChangedMeanwhileIsNoProblem() throws InterruptedException {
    MemoryDevice device = new MemoryDevice("online", 48 << 20);
    try (WritableFilesystem filesystem = create(device);
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      Writer writer = new Writer(filesystem, tree);
      writer.start();
      while (writer.done.get() == 0) {
        Thread.onSpinWait();
      }
      int meanwhile = 0;
      for (int i = 0; i < CHECKS; i++) {
        int before = writer.done.get();
        assertEquals(0, fsck(filesystem, 0).first().findings(), found::toString);
        meanwhile += writer.done.get() - before;
      }
      writer.end();
      assertTrue(meanwhile > 0, "nothing was changed meanwhile");
    }
    assertSound(device);
  }

  @Test
  void whatMayBeRepairedOnlineIs() throws InterruptedException {
    MemoryDevice device = new MemoryDevice("online", 48 << 20);
    try (WritableFilesystem filesystem = create(device);
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      Random random = new Random(2);
      for (int i = 0; i < 60; i++) {
        step(tree, random);
      }
      damage(filesystem, BtreeId.BACKPOINTERS, 3);
      damage(filesystem, BtreeId.BUCKET_GENS, 1);
      Writer writer = new Writer(filesystem, tree);
      writer.start();
      RepairOutcome outcome = fsck(filesystem, 5);
      writer.end();
      assertTrue(outcome.first().findings() > 0, "no damage was found");
      assertEquals(0, outcome.last().findings(), found::toString);
      assertEquals(
          0L, filesystem.superblock().ext().map(ExtSection::recoveryPassesRequired).orElse(0L));
    }
    assertSound(device);
  }

  private static void damage(WritableFilesystem filesystem, BtreeId btree, int keys) {
    List<Bpos> positions = new ArrayList<>();
    try (KeyIterator all = filesystem.btrees().iterate(btree.number(), Bpos.MIN, Bpos.MAX)) {
      while (positions.size() < keys && all.next()) {
        positions.add(all.key().pos());
      }
    }
    filesystem.transact(
        "damage",
        transaction -> {
          positions.forEach(pos -> transaction.deleteAlone(btree, pos));
          return null;
        });
  }

  @Test
  void whereRoomIsShortItComesFirst() {
    MemoryDevice device = new MemoryDevice("online", 36 << 20);
    try (WritableFilesystem filesystem = create(device);
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      FrozenFilesystem frozen = filesystem.freeze(new ReadingFindings());
      byte[] bytes = new byte[64 << 10];
      // More than there is: only what is overwritten can make room for what comes.
      for (int round = 0; round < 60; round++) {
        byte[] name = ("file" + round % 4).getBytes(US_ASCII);
        InodeId id =
            tree.lookup(tree.root(), name)
                .orElseGet(() -> tree.create(tree.root(), name, NewInode.of(0100644, 0, 0)))
                .id();
        for (int at = 0; at < 16; at++) {
          new Random(round * 16L + at).nextBytes(bytes);
          tree.write(id, at * (long) bytes.length, MemorySegment.ofArray(bytes));
        }
        filesystem.tick();
      }
      assertFalse(frozen.isIntact());
      frozen.close();
    }
    assertSound(device);
  }

  @Test
  void itIsReadAsItWasAtThatMoment() {
    MemoryDevice device = new MemoryDevice("online", 48 << 20);
    try (WritableFilesystem filesystem = create(device);
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      Random random = new Random(4);
      // Beyond the middle: what follows comes round to buckets that are emptied meanwhile.
      churn(filesystem, tree, random, 28 << 20);
      ReadingFindings reading = new ReadingFindings();
      try (FrozenFilesystem frozen = filesystem.freeze(reading)) {
        churn(filesystem, tree, random, 28 << 20);
        long findings =
            new Check(frozen.filesystem(), reading, options(), new Quiet()).run().findings();
        assertTrue(frozen.isIntact());
        // The superblocks on the device are newer by now.
        assertEquals(
            0,
            findings - found.stream().filter(line -> line.contains("superblock")).count(),
            found::toString);
      }
    }
    assertSound(device);
  }

  /** Writes and removes files until that many bytes were written in all. */
  private static void churn(
      WritableFilesystem filesystem, WritableTree tree, Random random, long bytes) {
    long until = filesystem.clocks().write() + (bytes >> 9);
    while (filesystem.clocks().write() < until) {
      step(tree, random);
      filesystem.tick();
    }
  }
}
