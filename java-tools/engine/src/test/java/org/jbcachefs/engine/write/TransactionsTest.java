// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.commit.TransactionRestartException;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransactionsTest {
  private static final BtreeId SETS = BtreeId.SUBVOLUME_CHILDREN;

  @TempDir Path spill;

  private List<MemoryDevice> devices;
  private WritableFilesystem filesystem;

  @BeforeEach
  void create() {
    devices = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    filesystem = SmallFilesystem.create(devices, 8 << 10, SmallFilesystem.options(7));
  }

  @AfterEach
  void close() {
    filesystem.close();
  }

  private static Bpos pos(long offset) {
    return Bpos.of(1, offset);
  }

  private void set(long offset) {
    filesystem.transact(
        "set",
        transaction -> {
          transaction.set(SETS, pos(offset));
          return null;
        });
  }

  private boolean isSet(long offset) {
    return filesystem.btrees().lookup(SETS.number(), pos(offset), new Bkey());
  }

  @Test
  void aCommitIsSeenAtOnceAndATransactionOnlyByItself() {
    Transaction transaction = filesystem.begin("test");
    transaction.set(SETS, pos(5));
    assertTrue(transaction.lookup(SETS, pos(5), new Bkey()));
    assertFalse(isSet(5));
    transaction.commit();
    assertTrue(isSet(5));
  }

  @Test
  void anIteratorShowsTheTransactionsOwnChanges() {
    for (long offset = 0; offset < 10; offset++) {
      set(2 * offset);
    }
    Transaction transaction = filesystem.begin("test");
    transaction.set(SETS, pos(5));
    transaction.delete(SETS, pos(4));
    transaction.delete(SETS, pos(18));
    List<Long> seen = new ArrayList<>();
    try (KeyIterator keys = transaction.iterate(SETS, pos(0), pos(100))) {
      while (keys.next()) {
        seen.add(keys.key().offset());
      }
    }
    assertEquals(List.of(0L, 2L, 5L, 6L, 8L, 10L, 12L, 14L, 16L), seen);
  }

  @Test
  void whatWasReadAndChangedMeanwhileMakesItBeginAnew() {
    set(1);
    Transaction transaction = filesystem.begin("test");
    assertFalse(transaction.lookup(SETS, pos(2), new Bkey()));
    transaction.set(SETS, pos(3));
    set(2);
    assertThrows(TransactionRestartException.class, transaction::commit);
    assertFalse(isSet(3));
  }

  @Test
  void aKeyThatAppearsInARangeThatWasReadMakesItBeginAnew() {
    set(1);
    set(9);
    Transaction transaction = filesystem.begin("test");
    try (KeyIterator keys = transaction.iterate(SETS, pos(0), pos(9))) {
      while (keys.next()) {}
    }
    transaction.set(SETS, pos(20));
    set(5);
    assertThrows(TransactionRestartException.class, transaction::commit);
  }

  @Test
  void changesElsewhereInTheNodeDoNotDisturb() {
    set(1);
    Transaction transaction = filesystem.begin("test");
    assertTrue(transaction.lookup(SETS, pos(1), new Bkey()));
    transaction.set(SETS, pos(3));
    set(2);
    transaction.commit();
    assertTrue(isSet(3));
  }

  @Test
  void incrementsByManyThreadsAreAllCounted() throws Exception {
    int threads = 4;
    int each = 200;
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      tasks.add(() -> {
        for (int i = 0; i < each; i++) {
          filesystem.transact("increment", TransactionsTest::increment);
        }
        return null;
      });
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (Future<Void> done : pool.invokeAll(tasks)) {
        done.get();
      }
    }
    Bkey key = new Bkey();
    assertTrue(filesystem.btrees().lookup(SETS.number(), pos((long) threads * each), key));
  }

  /** Readers take no lock: they must not come between the steps in which nodes replace others. */
  @Test
  void whatIsCommittedIsFoundWhileAnotherThreadWritesAndSplitsAndMergesNodes() throws Exception {
    filesystem.writeNodesElsewhere(() -> {});
    int count = 8_000;
    AtomicInteger there = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      Future<?> nodes =
          pool.submit(() -> {
            while (!over.get()) {
              filesystem.writeNodes();
            }
          });
      List<Future<Long>> readers = new ArrayList<>();
      for (int seed = 1; seed <= 2; seed++) {
        Random random = new Random(seed);
        readers.add(pool.submit(() -> firstMissing(random, there, over)));
      }
      try {
        // What stays, and far more that goes again, so that nodes split and become one.
        for (int i = 0; i < count; i++) {
          set(100L * i);
          there.set(i + 1);
          boolean end = i % 100 == 99;
          for (long offset = 100L * i - 50; !end && offset < 100L * i - 40; offset++) {
            set(offset + 1000);
          }
          for (long back = 1; end && back < 100; back++) {
            deleteAll(100L * (i - back) + 950, 10);
          }
        }
      } finally {
        over.set(true);
      }
      nodes.get();
      for (Future<Long> reader : readers) {
        assertEquals(-1L, reader.get(), "a key that is there was not found");
      }
    }
  }

  private void deleteAll(long from, int count) {
    filesystem.transact(
        "delete",
        transaction -> {
          for (long offset = from; offset < from + count; offset++) {
            transaction.delete(SETS, pos(offset));
          }
          return null;
        });
  }

  /** Looks up keys of which it is known that they are there; -1 if each was found. */
  private long firstMissing(Random random, AtomicInteger there, AtomicBoolean over) {
    while (!over.get()) {
      int known = there.get();
      long offset = known == 0 ? 0 : 100L * (known - 1 - random.nextInt(Math.min(known, 50)));
      if (known > 0 && !isSet(offset)) {
        return offset;
      }
    }
    return -1;
  }

  /** Moves the only key one further. */
  private static Void increment(Transaction transaction) {
    long last = 0;
    try (KeyIterator keys = transaction.iterate(SETS, pos(0), pos(1 << 20))) {
      if (keys.next()) {
        last = keys.key().offset();
        transaction.delete(SETS, pos(last));
      }
    }
    transaction.set(SETS, pos(last + 1));
    return null;
  }

  @Test
  void thousandsOfFilesSplitAndMergeNodesAndFsckFindsNothing() {
    Random random = new Random(11);
    Workload workload = new Workload(random, new TreeMap<>());
    workload.run(filesystem, 6_000, 50);
    assertTrue(filesystem.btrees().rootLevel(BtreeId.INODES.number()) > 0, "inodes were split");
    assertEquals(workload.now(), TinyFiles.read(filesystem.btrees()));
    Judge.readAll(filesystem.btrees());
    filesystem.close();
    List<MemoryDevice> after = Judge.reopenable(devices);
    assertEquals(workload.now(), Judge.files(after));
    assertEquals(List.of(), Judge.findings(after, spill));
  }

  @Test
  void emptyingItGivesAllBucketsBack() {
    Map<Integer, Integer> none = new TreeMap<>();
    TinyFiles files = new TinyFiles(filesystem);
    for (int round = 0; round < 3; round++) {
      for (int file = 0; file < 1_500; file++) {
        files.create(file, 3);
      }
      for (int file = 0; file < 1_500; file++) {
        files.remove(file);
      }
      filesystem.tick();
    }
    files.close();
    filesystem.close();
    List<MemoryDevice> after = Judge.reopenable(devices);
    assertEquals(none, Judge.files(after));
    assertEquals(List.of(), Judge.findings(after, spill));
  }

  @Test
  void aFullDeviceCanBeEmptiedAndFilledAgain() {
    List<MemoryDevice> small = new ArrayList<>(List.of(new MemoryDevice("small", 34L << 20)));
    WritableFilesystem full = SmallFilesystem.create(small, 8 << 10, SmallFilesystem.options(13));
    int least = Integer.MAX_VALUE;
    int most = 0;
    for (int round = 0; round < 5; round++) {
      TinyFiles files = new TinyFiles(full);
      int count = fill(files);
      for (int file = 0; file < count; file++) {
        files.remove(file);
      }
      files.close();
      full.tick();
      least = Math.min(least, count);
      most = Math.max(most, count);
    }
    assertTrue(least > 500 && most < 2 * least, least + " to " + most + " files fit");
    full.close();
    assertEquals(List.of(), Judge.findings(Judge.reopenable(small), spill));
  }

  /** Makes files until there is no room; how many. */
  private static int fill(TinyFiles files) {
    int count = 0;
    while (true) {
      try {
        files.create(count, 30);
        count++;
      } catch (PosixException e) {
        assertEquals(PosixError.ENOSPC, e.error());
        return count;
      }
    }
  }

  @Test
  void keysOfOneTransactionAreInOneEntryWhateverTheirNumber() {
    filesystem.transact(
        "many",
        transaction -> {
          for (long offset = 0; offset < 800; offset++) {
            transaction.update(SETS, new Bkey().setPos(pos(offset)).setType(KeyType.SET.number()));
          }
          return null;
        });
    assertTrue(isSet(0));
    assertTrue(isSet(799));
  }
}
