// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operations on files, and work in the background beside them (reconcile, copygc, discards,
 * snapshots that are taken and deleted), against a model in memory; and power cuts at any write,
 * again and again on the same filesystem. What was synced is there, what was not is there up to
 * some operation and not beyond it; fsck -n finds nothing, before recovery and after it. A seed
 * makes the same filesystem (its kind too), operations and cuts again.
 */
class FilesystemSimulatorTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);

  /** Seeds of the newest version's begin so far behind. */
  private static final long NEWEST_SEEDS = 390_000;

  private static final int TOLD_SEEDS = 50;
  private static final int CRASHES_A_SEED = 4;
  private static final int CUTS_A_ROUND = 25;
  private static final int OPERATIONS_A_ROUND = 80;

  /** Where devices are kept of what went wrong, and of every so many cuts; null for nowhere. */
  private static final String KEPT = System.getProperty("jbcachefs.simulator.kept");

  private static final int KEPT_EVERY = Integer.getInteger("jbcachefs.simulator.keptEvery", 0);

  @TempDir Path spill;

  private final AtomicInteger judgements = new AtomicInteger();

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
    BackgroundOperations background =
        new BackgroundOperations(random, filesystem, tree, (seed & 1) != 0, new TreeMap<>());
    files.beside(background);
    for (int round = 0; round < 5; round++) {
      String where = where(seed, kind) + ", round " + round;
      step(tree, files, 150, where);
      tree.syncAll();
      compare(media, files, background, where);
    }
    tree.close();
    filesystem.close();
    compare(media, files, background, where(seed, kind) + ", closed");
  }

  private void compare(
      List<MemoryDevice> media, RandomFiles files, BackgroundOperations background, String where) {
    FoundState found = FoundTree.readState(media);
    assertEquals("", files.differences(found.files()), where);
    assertEquals(background.snapshots(), found.snapshots(), where);
    assertEquals(List.of(), Judge.findings(media, spill), where);
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
        cuts += cutAgainAndAgain(seed, SimulatedKind.of(seed), judges);
        if (seed == SEED_BASE + seeds - 1 || (seed - SEED_BASE) % TOLD_SEEDS == TOLD_SEEDS - 1) {
          System.out.printf(
              "simulator: %d power cuts, seeds %d to %d, %d s%n",
              cuts, SEED_BASE, seed, (System.nanoTime() - begun) / 1_000_000_000);
        }
      }
    }
  }

  /** Of the seeds above only some are of that version. */
  @Test
  void soItDoesAtTheNewestVersion() throws Exception {
    int seeds = NIGHTLY ? 50 : 2;
    try (ExecutorService judges =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      for (long seed = SEED_BASE + NEWEST_SEEDS; seed < SEED_BASE + NEWEST_SEEDS + seeds; seed++) {
        cutAgainAndAgain(seed, SimulatedKind.of(seed).atNewest(), judges);
      }
    }
  }

  /**
   * Seeds that once failed: the middle of a torn journal entry looked like the header of a lost
   * one.
   */
  @ParameterizedTest
  @ValueSource(longs = {700_070})
  void whatOnceFailedDoesNotAnyMore(long seed) throws Exception {
    try (ExecutorService judges =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      assertTrue(cutAgainAndAgain(seed, SimulatedKind.of(seed), judges) > 0);
    }
  }

  /** A workload, cut in many places; the next one goes on from what one of these cuts left. */
  private int cutAgainAndAgain(long seed, SimulatedKind kind, ExecutorService judges)
      throws Exception {
    Random random = new Random(seed);
    List<MemoryDevice> media = kind.devices();
    kind.create(media, seed).close();
    media = Judge.reopenable(media);
    FoundState state = new FoundState(new ModelTree().files(), new TreeMap<>());
    int cuts = 0;
    for (int round = 0; round < CRASHES_A_SEED; round++) {
      WriteLog log = new WriteLog(media);
      ModelTree model = ModelTree.of(state.files());
      RandomFiles files =
          new RandomFiles(random, model, kind.blockBytes())
              .inPlace(kind.inPlace())
              .recording(log::size);
      String where = where(seed, kind) + ", round " + round;
      work(log, files, state, random, (seed & 1) != 0, where);
      List<Future<FoundState>> judged = new ArrayList<>();
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
        FoundState found = judged.get(i).get();
        state = i == goesOn ? found : state;
        cuts++;
      }
    }
    return cuts;
  }

  private static void work(
      WriteLog log,
      RandomFiles files,
      FoundState state,
      Random random,
      boolean snapshots,
      String where) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(random.nextLong()));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    files.beside(new BackgroundOperations(random, filesystem, tree, snapshots, state.snapshots()));
    step(tree, files, OPERATIONS_A_ROUND, where);
    tree.close();
    filesystem.close();
    files.allDurable();
  }

  /** The files that are there; an error if they cannot be, or if anything is not sound. */
  private FoundState judge(
      List<MemoryDevice> media, RandomFiles files, int moment, String round, long seed) {
    String where = round + ", cut at " + moment;
    try {
      int number = judgements.getAndIncrement();
      if (KEPT != null && KEPT_EVERY > 0 && number % KEPT_EVERY == 0) {
        keep(media, "cut" + number);
      }
      return judge(media, files, moment, where, seed, number);
    } catch (RuntimeException | AssertionError e) {
      if (KEPT != null) {
        keep(media, "wrong-" + moment);
      }
      throw new AssertionError(where, e);
    }
  }

  private static void keep(List<MemoryDevice> media, String name) {
    for (int i = 0; i < media.size(); i++) {
      Path path = Path.of(KEPT, name + "." + i);
      try (FileChannel file = FileChannel.open(path, CREATE, WRITE, TRUNCATE_EXISTING)) {
        byte[] chunk = new byte[1 << 20];
        for (long at = 0; at < media.get(i).size(); at += chunk.length) {
          int length = Math.toIntExact(Math.min(chunk.length, media.get(i).size() - at));
          media.get(i).read(at, MemorySegment.ofArray(chunk).asSlice(0, length));
          if (!Arrays.equals(chunk, 0, length, new byte[length], 0, length)) {
            file.write(ByteBuffer.wrap(chunk, 0, length), at);
          }
        }
        file.write(ByteBuffer.wrap(new byte[1]), media.get(i).size() - 1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private FoundState judge(
      List<MemoryDevice> media,
      RandomFiles files,
      int moment,
      String where,
      long seed,
      int number) {
    FoundState found = FoundTree.readState(media);
    assertTrue(files.mayBe(found, moment), () -> where + files.story(moment));
    assertEquals(List.of(), wrong(media), where);
    List<MemoryDevice> closed = recover(media, where, seed);
    if (KEPT != null && KEPT_EVERY > 0 && number % KEPT_EVERY == 0) {
      keep(closed, "closed" + number);
    }
    FoundState recovered = FoundTree.readState(closed);
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

  private List<MemoryDevice> recover(List<MemoryDevice> media, String where, long seed) {
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(media), SmallFilesystem.options(seed));
    new WritableTree(filesystem, _ -> {}).close();
    filesystem.close();
    List<MemoryDevice> closed = Judge.reopenable(media);
    assertEquals(List.of(), Judge.findings(closed, spill), where + ", recovered and closed");
    return closed;
  }
}
