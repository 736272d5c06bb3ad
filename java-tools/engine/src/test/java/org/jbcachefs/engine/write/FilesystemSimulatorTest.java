// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random operations on files, side by side with a model in memory; and power cuts at any write,
 * again and again on the same filesystem. What was synced is there, what was not is there up to
 * some operation and not beyond it; fsck -n finds nothing, before recovery and after it. A seed
 * makes the same filesystem (its kind too), operations and cuts again.
 */
class FilesystemSimulatorTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);
  private static final int CRASHES_A_SEED = 4;
  private static final int CUTS_A_ROUND = 25;
  private static final int OPERATIONS_A_ROUND = 80;

  @TempDir Path spill;

  @Test
  void operationsDoWhatTheModelDoes() {
    int seeds = NIGHTLY ? 200 : 6;
    for (long seed = SEED_BASE; seed < SEED_BASE + seeds; seed++) {
      runUndisturbed(seed);
    }
  }

  private void runUndisturbed(long seed) {
    Random random = new Random(seed);
    SimulatedKind kind = SimulatedKind.of(seed);
    List<MemoryDevice> media = kind.devices();
    WritableFilesystem filesystem = kind.create(media, seed);
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    ModelTree model = new ModelTree();
    RandomFiles files = new RandomFiles(random, model, kind.blockBytes());
    for (int round = 0; round < 5; round++) {
      String where = where(seed, kind) + ", round " + round;
      step(tree, files, 150, where);
      tree.syncAll();
      assertEquals("", files.differences(FoundTree.read(media)), where);
      assertEquals(List.of(), Judge.findings(media, spill), where);
    }
    tree.close();
    filesystem.close();
    assertEquals("", files.differences(FoundTree.read(media)));
    assertEquals(List.of(), Judge.findings(media, spill));
  }

  private static String where(long seed, SimulatedKind kind) {
    return "seed " + seed + " (-Djbcachefs.seedBase=" + seed + "), " + kind;
  }

  private static void step(WritableTree tree, RandomFiles files, int operations, String where) {
    try {
      files.run(tree, operations);
    } catch (RuntimeException | AssertionError e) {
      if (isPowerCut(e)) {
        throw e;
      }
      throw new AssertionError(where + ": " + files.operation(), e);
    }
  }

  /** Without power there is nothing to be read either. */
  private static boolean isPowerCut(Throwable e) {
    return e instanceof DeviceException
        || (e instanceof LostDataException && e.getMessage().contains("no power"));
  }

  @Test
  void whatWasSyncedSurvivesPowerCutsAtAnyWrite() throws Exception {
    int seeds = NIGHTLY ? 1_000 : Integer.getInteger("jbcachefs.crashSeeds", 20);
    long begun = System.nanoTime();
    int cuts = 0;
    try (ExecutorService judges =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      for (long seed = SEED_BASE; seed < SEED_BASE + seeds; seed++) {
        cuts += cutAgainAndAgain(seed, judges);
      }
    }
    System.out.printf(
        "simulator: %d power cuts, seeds %d to %d, %d s%n",
        cuts, SEED_BASE, SEED_BASE + seeds - 1, (System.nanoTime() - begun) / 1_000_000_000);
  }

  /** A workload, cut in many places; the next one goes on from what one of these cuts left. */
  private int cutAgainAndAgain(long seed, ExecutorService judges) throws Exception {
    Random random = new Random(seed);
    SimulatedKind kind = SimulatedKind.of(seed);
    List<MemoryDevice> media = kind.devices();
    kind.create(media, seed).close();
    media = Judge.reopenable(media);
    ModelTree model = new ModelTree();
    int cuts = 0;
    for (int round = 0; round < CRASHES_A_SEED; round++) {
      WriteLog log = new WriteLog(media);
      RandomFiles files = new RandomFiles(random, model, kind.blockBytes()).recording(log::size);
      String where = where(seed, kind) + ", round " + round;
      work(log, files, random.nextLong(), where);
      List<Future<SortedMap<String, FoundFile>>> judged = new ArrayList<>();
      int goesOn = random.nextInt(CUTS_A_ROUND);
      WriteLog.Replay replay = log.replay();
      int[] moments = random.ints(CUTS_A_ROUND, 0, log.size() + 1).sorted().toArray();
      for (int i = 0; i < CUTS_A_ROUND; i++) {
        int moment = moments[i];
        replay.advance(moment);
        List<MemoryDevice> left = replay.cut(random.nextLong());
        media = i == goesOn ? Judge.reopenable(left) : media;
        long next = random.nextLong();
        judged.add(judges.submit(() -> judge(left, files, moment, where, next)));
      }
      for (int i = 0; i < CUTS_A_ROUND; i++) {
        SortedMap<String, FoundFile> found = judged.get(i).get();
        model = i == goesOn ? ModelTree.of(found) : model;
        cuts++;
      }
    }
    return cuts;
  }

  private static void work(WriteLog log, RandomFiles files, long seed, String where) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(seed));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    step(tree, files, OPERATIONS_A_ROUND, where);
    tree.close();
    filesystem.close();
    files.allDurable();
  }

  /** The files that are there; an error if they cannot be, or if anything is not sound. */
  private SortedMap<String, FoundFile> judge(
      List<MemoryDevice> media, RandomFiles files, int moment, String round, long seed) {
    String where = round + ", cut at " + moment;
    SortedMap<String, FoundFile> found = FoundTree.read(media);
    assertTrue(files.mayBe(found, moment), () -> where + files.story(moment));
    assertEquals(List.of(), wrong(media), where);
    SortedMap<String, FoundFile> recovered = recover(media, where, seed);
    if (!found.equals(recovered)) {
      // Recovery carries on with what was moving, and changes nothing else.
      assertTrue(files.mayBeMoving(moment), () -> where + ", recovered" + files.story(moment));
      assertTrue(files.mayBe(recovered, moment), () -> where + ", recovered" + files.story(moment));
    }
    return recovered;
  }

  /** What the last entry lacks because it was torn is no damage. */
  private List<String> wrong(List<MemoryDevice> media) {
    List<String> findings = Judge.findings(media, spill);
    findings.removeIf(line -> line.startsWith("journal_entry_torn"));
    findings.removeIf(line -> line.startsWith("journal_entry_bad_checksum"));
    // The last entry got to one of its devices and not to the other.
    findings.removeIf(line -> line.startsWith("journal_entry_replicas_not_marked"));
    // The copy of the superblock that was being written; there are others.
    findings.removeIf(line -> line.startsWith("invalid_sb_csum"));
    return findings;
  }

  private SortedMap<String, FoundFile> recover(List<MemoryDevice> media, String where, long seed) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(seed));
    new WritableTree(filesystem, _ -> {}).close();
    filesystem.close();
    List<MemoryDevice> closed = Judge.reopenable(media);
    SortedMap<String, FoundFile> found = FoundTree.read(closed);
    assertEquals(List.of(), Judge.findings(closed, spill), where + ", recovered and closed");
    return found;
  }
}
