// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.alloc.write.Allocation;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.alloc.write.Watermark;
import org.jbcachefs.engine.alloc.write.WritePoint;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.commit.Transaction;
import org.jbcachefs.engine.commit.TransactionRestartException;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.value.AllocV4;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each rule of the write path broken: the judges of the crash test must notice. */
class BrokenRulesTest {
  private static final int SEEDS_MOST = 60;
  private static final int EXTENTS = 8;
  private static final int FILES_IN_BUCKET = (SmallFilesystem.BUCKET_BYTES >> 9) / EXTENTS;

  @TempDir Path spill;

  @ParameterizedTest
  @EnumSource(
      names = {
        "PREFLUSH",
        "FORCE_UNIT_ACCESS",
        "BLACKLIST",
        "PINS",
        "SECTORS_WRITTEN",
        "ACCOUNTING",
        "DEAD_COUNTERS",
        "BUCKET_INDEXES",
        "BACKPOINTERS",
        "BTREE_BITMAP"
      })
  void aBrokenRuleIsNoticed(WriteRule rule) {
    boolean noticed = false;
    for (long seed = 0; seed < SEEDS_MOST && !noticed; seed++) {
      noticed = isNoticed(rule, seed);
    }
    assertTrue(noticed, () -> rule + " was broken in " + SEEDS_MOST + " crashes, and all was well");
  }

  @Test
  void aBucketThatIsUsedAgainBeforeItsEmptyingIsDurableIsNoticed() {
    assertFalse(overwritesWhatACrashBringsBack(WriteRules.ALL));
    assertTrue(overwritesWhatACrashBringsBack(WriteRules.breaking(WriteRule.REUSE_AFTER_FLUSH)));
  }

  /** Files are removed, and something is written to buckets that can be had; no sync. */
  private static boolean overwritesWhatACrashBringsBack(WriteRules rules) {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    SmallFilesystem.create(media, 16 << 10, SmallFilesystem.options(1)).close();
    media = Judge.reopenable(media);
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(2, rules));
    TinyFiles files = new TinyFiles(filesystem);
    for (int file = 0; file < 3 * FILES_IN_BUCKET; file++) {
      files.create(file, EXTENTS);
    }
    filesystem.sync();
    List<Allocation> rest = takeAndOverwrite(filesystem, Integer.MAX_VALUE);
    assertFalse(rest.isEmpty());
    // What btree nodes may need.
    rest.removeLast().close();
    rest.removeLast().close();
    for (int file = 0; file < 2 * FILES_IN_BUCKET; file++) {
      files.remove(file);
    }
    rest.addAll(takeAndOverwrite(filesystem, 3));
    filesystem.abandon();
    try {
      Judge.files(media);
      return false;
    } catch (AssertionError _) {
      return true;
    }
  }

  /** Buckets that are free, or can be made so; something else is written to them. */
  private static List<Allocation> takeAndOverwrite(WritableFilesystem filesystem, int most) {
    List<Allocation> allocations = new ArrayList<>();
    WritePoint point = new WritePoint(DataType.USER);
    SpaceAllocator.Request bucket =
        new SpaceAllocator.Request(
            SmallFilesystem.BUCKET_BYTES >> 9, true, 1, 1, _ -> true, Watermark.RECLAIM);
    MemorySegment noise = MemorySegment.ofArray(new byte[SmallFilesystem.BUCKET_BYTES]);
    noise.fill((byte) 0x55);
    try {
      while (allocations.size() < most) {
        Allocation allocation = filesystem.space().allocate(point, bucket);
        allocations.add(allocation);
        for (Allocation.Place place : allocation.places()) {
          filesystem.devices().write(place.device(), place.sector(), noise);
        }
      }
    } catch (PosixException e) {
      assertEquals(PosixError.ENOSPC, e.error());
    }
    return allocations;
  }

  @Test
  void aBucketThatIsMadeFreeWhileNobodyKnowsWhichAreEmptyIsNoticed() {
    assertFalse(losesWhatLooksEmpty(WriteRules.ALL));
    assertTrue(losesWhatLooksEmpty(WriteRules.breaking(WriteRule.HOLD_EMPTIED)));
  }

  /**
   * A bucket with data whose key says that it is empty; the power goes in a repair before that is
   * put right, and the next run completes the repair.
   */
  private boolean losesWhatLooksEmpty(WriteRules rules) {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    try (WritableFilesystem filesystem =
        SmallFilesystem.create(media, 16 << 10, SmallFilesystem.options(1))) {
      TinyFiles files = new TinyFiles(filesystem);
      // Some are removed, so that there is a btree of emptied buckets.
      for (int file = 0; file < 5 * FILES_IN_BUCKET; file++) {
        files.create(file, EXTENTS);
      }
      for (int file = 2 * FILES_IN_BUCKET; file < 5 * FILES_IN_BUCKET; file++) {
        files.remove(file);
      }
    }
    List<MemoryDevice> damaged = Judge.reopenable(media);
    long bucket = fullBucket(damaged);
    ImageEditor editor = new ImageEditor(List.copyOf(damaged), OpenOptions.defaults());
    editor.run("set alloc 0:" + bucket + " data_type=9 dirty_sectors=0 journal_seq_empty=1");
    editor.run("insert need_discard 1:" + bucket + " set");
    FaultyDevice faulty = new FaultyDevice(damaged.getFirst(), 1);
    WritableFilesystem repair =
        WritableFilesystem.openForRepair(
            List.of(new LentDevice(faulty)), SmallFilesystem.options(2, rules), Set.of(), Set.of());
    repair.tick();
    repair.abandon();
    faulty.cutPower();
    faulty.restorePower();
    RepairOptions options =
        new RepairOptions(SmallFilesystem.options(3), CheckOptions.defaults().withSpill(spill));
    assertTrue(new RepairRun(List.of(faulty), options, new RepairNotes()).run().isClean());
    try {
      return Judge.files(Judge.reopenable(damaged)).size() != 2 * FILES_IN_BUCKET;
    } catch (AssertionError _) {
      return true;
    }
  }

  private static long fullBucket(List<MemoryDevice> media) {
    try (ReadFilesystem filesystem =
            ReadFilesystem.open(Judge.copies(media), OpenOptions.defaults());
        KeyIterator keys =
            filesystem.btrees().iterate(BtreeId.ALLOC.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (AllocV4.of(keys.key()).dataType() == DataType.USER.number()) {
          return keys.key().offset();
        }
      }
    }
    throw new AssertionError("no bucket has data");
  }

  @ParameterizedTest
  @EnumSource(names = {"REWIND_LIMIT", "OVERWRITES_FLAG", "FLUSH_ENTRIES", "NEAR_DURABLE"})
  void whatEntriesAndNodesSayIsNoticed(WriteRule rule) {
    assertEquals(1, JournalRulesTest.seen(WriteRules.breaking(rule)).wrong().size());
  }

  @Test
  void leavesOfSeveralShardsAreNoticed() throws InterruptedException {
    WriteRules rules = WriteRules.breaking(WriteRule.SHARDS);
    assertFalse(JournalRulesTest.mixedLeaves(rules, spill).isEmpty());
  }

  @Test
  void aSnapshotThatCountsForQuotasIsNoticed() {
    assertFalse(QuotasTest.countsRightly(WriteRules.breaking(WriteRule.MASTER_SUBVOLUME)));
  }

  @Test
  void aTransactionThatReadWhatChangedMeanwhileIsNoticed() {
    assertThrows(TransactionRestartException.class, () -> changeBehindABack(WriteRules.ALL));
    changeBehindABack(WriteRules.breaking(WriteRule.VALIDATION));
  }

  private static void changeBehindABack(WriteRules rules) {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    WritableFilesystem filesystem =
        SmallFilesystem.create(media, 16 << 10, SmallFilesystem.options(1, rules));
    Transaction reader = filesystem.begin("reader");
    Bpos pos = Bpos.of(1L << 40, 1);
    assertFalse(reader.lookup(BtreeId.DELETED_INODES, pos, new Bkey()));
    reader.set(BtreeId.DELETED_INODES, Bpos.of(1L << 40, 2));
    Transaction other = filesystem.begin("other");
    other.set(BtreeId.DELETED_INODES, pos);
    other.commit();
    reader.commit();
  }

  private boolean isNoticed(WriteRule rule, long seed) {
    Random random = new Random(seed);
    WriteRules rules = WriteRules.breaking(rule);
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(seed)).close();
    media = Judge.reopenable(media);
    TreeMap<Integer, Integer> files = new TreeMap<>();
    for (int round = 0; round < 3; round++) {
      Workload workload = new Workload(random, files);
      try {
        crash(media.getFirst(), workload, random, rules);
        media = Judge.reopenable(media);
        TreeMap<Integer, Integer> found = new TreeMap<>(Judge.files(media));
        if (!workload.mayBe(found) || !wrong(media).isEmpty()) {
          return true;
        }
        files = found;
      } catch (BcachefsException | AssertionError e) {
        // What is on the device cannot be read, or is not what was written.
        return true;
      }
    }
    return false;
  }

  private List<String> wrong(List<MemoryDevice> media) {
    List<String> findings = Judge.findings(media, spill);
    findings.removeIf(line -> line.startsWith("journal_entry_torn"));
    findings.removeIf(line -> line.startsWith("invalid_sb_csum"));
    return findings;
  }

  private static void crash(
      MemoryDevice media, Workload workload, Random random, WriteRules rules) {
    FaultyDevice faulty = new FaultyDevice(media, random.nextLong());
    faulty.cutPowerAfter(random.nextInt(400));
    try {
      WritableFilesystem filesystem =
          WritableFilesystem.open(
              List.<BlockDevice>of(faulty), SmallFilesystem.options(random.nextLong(), rules));
      workload.run(filesystem, 3_000, 20);
      filesystem.close();
      workload.allDurable();
    } catch (DeviceException e) {
      faulty.cutPower();
    }
  }
}
