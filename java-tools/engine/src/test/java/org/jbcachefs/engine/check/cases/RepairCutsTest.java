// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.repair.RepairTable;
import org.jbcachefs.engine.repair.undo.Undo;
import org.jbcachefs.engine.repair.undo.UndoRecording;
import org.jbcachefs.engine.testing.SharedPower;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.tables.FsckError;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Repairs of every kind that lose their power at some write: the next run completes them, and what
 * was kept for undoing puts every bit back, whether the repair was complete or not. Some cases of
 * each repair and of filesystems of several devices, chosen by the seed; nightly all cases.
 */
class RepairCutsTest {
  private static final String ONLY = System.getProperty("jbcachefs.fsck.case", "");
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long SEED = Long.getLong("jbcachefs.seedBase", 1);
  private static final int CUTS = Integer.getInteger("jbcachefs.repair.cuts", NIGHTLY ? 5 : 1);
  private static final int CASES_OF_A_REPAIR = 2;
  private static final int CASES_OF_SEVERAL_DEVICES = 4;
  private static final RepairedTrees TREES = new RepairedTrees();

  @TempDir private static Path spill;

  private static List<FsckCase> mendable() {
    return FsckCasesTest.cases().stream().filter(FsckCase::isMendable).toList();
  }

  private static Set<Repair> repairs(FsckCase subject) {
    Set<Repair> repairs = new LinkedHashSet<>();
    for (String line : subject.findings()) {
      String name = line.split(" ", 2)[0];
      for (Repair repair : RepairTable.ALL) {
        boolean mends =
            FsckError.named(name)
                .map(error -> RepairTable.of(error).filter(repair::equals).isPresent())
                .orElseGet(() -> repair.names().contains(name));
        if (mends) {
          repairs.add(repair);
        }
      }
    }
    return repairs;
  }

  private static Set<FsckCase> chosen() {
    List<FsckCase> all = mendable();
    if (NIGHTLY || !ONLY.isEmpty()) {
      return new LinkedHashSet<>(all);
    }
    SplittableRandom random = new SplittableRandom(SEED);
    Set<FsckCase> chosen = new LinkedHashSet<>();
    for (Repair repair : RepairTable.ALL) {
      some(all.stream().filter(one -> repairs(one).contains(repair)), random, chosen)
          .limit(CASES_OF_A_REPAIR)
          .forEach(chosen::add);
    }
    some(all.stream().filter(RepairCutsTest::hasSeveralDevices), random, chosen)
        .limit(CASES_OF_SEVERAL_DEVICES)
        .forEach(chosen::add);
    return chosen;
  }

  private static Stream<FsckCase> some(
      Stream<FsckCase> of, SplittableRandom random, Set<FsckCase> but) {
    List<FsckCase> left = new ArrayList<>(of.filter(one -> !but.contains(one)).toList());
    return Stream.generate(() -> left.remove(random.nextInt(left.size()))).limit(left.size());
  }

  private static boolean hasSeveralDevices(FsckCase subject) {
    return List.of("replicas2-3dev", "many-devices", "tiered", "dirty-journal-multidev", "ec-6dev")
        .contains(subject.base());
  }

  @Test
  void everyRepairHasACaseThatIsCutOff() {
    Set<Repair> covered = new LinkedHashSet<>();
    chosen().forEach(one -> covered.addAll(repairs(one)));
    assertEquals(
        Set.copyOf(RepairTable.ALL), ONLY.isEmpty() ? covered : Set.copyOf(RepairTable.ALL));
    assertTrue(!ONLY.isEmpty() || chosen().stream().anyMatch(RepairCutsTest::hasSeveralDevices));
  }

  @TestFactory
  Stream<DynamicTest> aCutRepairIsCompletedAndAnyIsTakenBack() {
    return chosen().stream()
        .filter(one -> one.toString().contains(ONLY))
        .map(one -> DynamicTest.dynamicTest(one.toString(), () -> run(one)));
  }

  private static RepairOptions options(FsckCase subject) {
    return new RepairOptions(
        WriteOptions.defaults().withOpen(subject.open().withThreads(1)),
        CheckOptions.defaults().withThreads(1).withSpill(spill));
  }

  private static void run(FsckCase subject) throws IOException {
    long seed = SEED * 31 + subject.name().hashCode();
    SplittableRandom random = new SplittableRandom(seed);
    long writes = wholeAndBack(subject);
    for (int i = 0; i < CUTS; i++) {
      completed(subject, 1 + random.nextLong(writes), seed);
    }
    cutAndBack(subject, 1 + random.nextLong(writes), seed);
  }

  /** How many writes the repair takes; it is taken back, and everything is as it was. */
  private static long wholeAndBack(FsckCase subject) throws IOException {
    List<BlockDevice> damaged = subject.devices();
    List<CopyOnWriteDevice> over = damaged.stream().map(CopyOnWriteDevice::new).toList();
    Path undo = Files.createTempDirectory(spill, "undo").resolve("whole");
    try (SharedPower power = new SharedPower(List.copyOf(over), 1)) {
      try (UndoRecording recording = new UndoRecording(undo, power.devices())) {
        new RepairRun(recording.devices(), options(subject), new RepairNotes()).run();
      }
      power.cycle();
      new Undo(undo, power.devices()).run();
      power.cycle();
      assertSame(damaged, over, subject + " undone");
      return power.writes();
    } finally {
      Files.deleteIfExists(undo);
    }
  }

  private static void cutAndBack(FsckCase subject, long at, long seed) throws IOException {
    List<BlockDevice> damaged = subject.devices();
    List<CopyOnWriteDevice> over = damaged.stream().map(CopyOnWriteDevice::new).toList();
    Path undo = Files.createTempDirectory(spill, "undo").resolve("cut");
    try (SharedPower power = new SharedPower(List.copyOf(over), seed)) {
      try (UndoRecording recording = new UndoRecording(undo, power.cutAfter(at).devices())) {
        new RepairRun(recording.devices(), options(subject), new RepairNotes()).run();
      } catch (BcachefsException e) {
        requireCut(power, e);
      }
      power.cycle();
      new Undo(undo, power.devices()).run();
      power.cycle();
      assertSame(damaged, over, subject + " cut at write " + at + " and undone");
    } finally {
      Files.deleteIfExists(undo);
    }
  }

  private static void completed(FsckCase subject, long at, long seed) {
    String where = subject + " cut at write " + at;
    try (SharedPower power = new SharedPower(subject.devices(), seed)) {
      try {
        new RepairRun(power.cutAfter(at).devices(), options(subject), new RepairNotes()).run();
      } catch (BcachefsException e) {
        requireCut(power, e);
      }
      power.cycle();
      RepairNotes notes = new RepairNotes();
      RepairOutcome outcome = new RepairRun(power.devices(), options(subject), notes).run();
      assertEquals(0, outcome.last().findings(), () -> where + "\n" + notes);
      TREES.check(subject, power.devices(), subject.open());
    }
  }

  /** Without power nothing can be written, nor read: only then may it end so. */
  private static void requireCut(SharedPower power, BcachefsException e) {
    if (!power.isCut()) {
      throw e;
    }
  }

  private static void assertSame(
      List<BlockDevice> damaged, List<CopyOnWriteDevice> over, String what) {
    for (int i = 0; i < damaged.size(); i++) {
      for (long page : over.get(i).writtenPages()) {
        byte[] was = read(damaged.get(i), page);
        byte[] is = read(over.get(i), page);
        int device = i;
        assertTrue(
            java.util.Arrays.equals(was, is), () -> what + ": device " + device + " byte " + page);
      }
    }
  }

  private static byte[] read(BlockDevice device, long page) {
    byte[] bytes = new byte[(int) Math.min(4096, device.size() - page)];
    device.read(page, MemorySegment.ofArray(bytes));
    return bytes;
  }
}
