// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.FaultyDevice;
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
  private static final int WRITES_MOST = 250;

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
  void whatWasSyncedSurvivesPowerCutsAtAnyWrite() {
    int seeds = NIGHTLY ? 25_000 : 20;
    for (long seed = SEED_BASE; seed < SEED_BASE + seeds; seed++) {
      cutAgainAndAgain(seed);
    }
  }

  private void cutAgainAndAgain(long seed) {
    Random random = new Random(seed);
    SimulatedKind kind = SimulatedKind.of(seed);
    List<MemoryDevice> media = kind.devices();
    kind.create(media, seed).close();
    media = Judge.reopenable(media);
    ModelTree model = new ModelTree();
    for (int round = 0; round < CRASHES_A_SEED; round++) {
      String where = where(seed, kind) + ", crash " + round;
      RandomFiles files = new RandomFiles(random, model, kind.blockBytes());
      cut(media, files, random, where);
      media = Judge.reopenable(media);
      SortedMap<String, FoundFile> found = FoundTree.read(media);
      assertTrue(files.mayBe(found), () -> where + files.story(found));
      assertEquals(List.of(), wrong(media), where);
      recoverACopy(media, found, where, random.nextLong());
      model = ModelTree.of(found);
    }
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

  private static void cut(
      List<MemoryDevice> media, RandomFiles files, Random random, String where) {
    List<BlockDevice> faulty = new ArrayList<>();
    int writes = random.nextInt(WRITES_MOST) / media.size();
    for (MemoryDevice device : media) {
      faulty.add(new FaultyDevice(device, random.nextLong()).cutPowerAfter(writes));
    }
    long seed = random.nextLong();
    try {
      WritableFilesystem filesystem =
          WritableFilesystem.open(faulty, SmallFilesystem.options(seed));
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      step(tree, files, 200, where);
      tree.close();
      filesystem.close();
      files.allDurable();
    } catch (DeviceException | LostDataException e) {
      assertTrue(isPowerCut(e), e::toString);
      // The power went: this is what it is about.
      for (BlockDevice device : faulty) {
        ((FaultyDevice) device).cutPower();
      }
    }
  }

  private void recoverACopy(
      List<MemoryDevice> media, SortedMap<String, FoundFile> found, String where, long seed) {
    List<MemoryDevice> copy = Judge.reopenable(media);
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(copy), SmallFilesystem.options(seed));
    new WritableTree(filesystem, _ -> {}).close();
    filesystem.close();
    copy = Judge.reopenable(copy);
    assertEquals(found, FoundTree.read(copy), where + ", recovered and closed");
    assertEquals(List.of(), Judge.findings(copy, spill), where + ", recovered and closed");
  }
}
