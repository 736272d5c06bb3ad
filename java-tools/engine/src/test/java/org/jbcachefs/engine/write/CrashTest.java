// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Power cuts at any write, again and again on the same filesystem: unflushed writes are lost, kept
 * or torn as it comes. What was synced is there, what was not is there as a whole or not at all,
 * fsck -n finds nothing before recovery and after it.
 */
class CrashTest {
  private static final int ROUNDS = 4;
  private static final int OPERATIONS = 3_000;
  private static final int WRITES_MOST = 400;

  @TempDir Path spill;

  @ParameterizedTest
  @CsvSource({"1, 0, 10", "2, 100, 6", "3, 200, 6"})
  void whatIsDurableSurvivesAPowerCutAtAnyWrite(int devices, long firstSeed, int seeds) {
    for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
      cutAgainAndAgain(devices, seed);
    }
  }

  private void cutAgainAndAgain(int count, long seed) {
    Random random = new Random(seed);
    List<MemoryDevice> media = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      media.add(new MemoryDevice("device" + i, 40L << 20));
    }
    SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(seed)).close();
    media = Judge.reopenable(media);
    TreeMap<Integer, Integer> files = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      String where = "seed " + seed + ", round " + round + ", " + count + " devices: ";
      Workload workload = new Workload(random, files);
      cut(media, workload, random, random.nextLong());
      media = Judge.reopenable(media);
      TreeMap<Integer, Integer> found = new TreeMap<>(Judge.files(media));
      assertTrue(workload.mayBe(found), where + "not one of " + workload);
      assertEquals(List.of(), wrong(media), where);
      recoverACopy(media, found, where, random.nextLong());
      files = found;
    }
  }

  /** What the last entry lacks because it was torn is no damage. */
  private List<String> wrong(List<MemoryDevice> media) {
    List<String> findings = Judge.findings(media, spill);
    findings.removeIf(line -> line.startsWith("journal_entry_torn"));
    findings.removeIf(line -> line.startsWith("journal_entry_bad_checksum"));
    // The last entry, which not all members got that it was meant for.
    findings.removeIf(line -> line.startsWith("journal_entry_replicas_not_marked"));
    // The copy of the superblock that was being written; there are others.
    findings.removeIf(line -> line.startsWith("invalid_sb_csum"));
    return findings;
  }

  private static void cut(List<MemoryDevice> media, Workload workload, Random random, long seed) {
    List<BlockDevice> faulty = new ArrayList<>();
    int writes = random.nextInt(WRITES_MOST) / media.size();
    for (MemoryDevice device : media) {
      faulty.add(new FaultyDevice(device, random.nextLong()).cutPowerAfter(writes));
    }
    try {
      WritableFilesystem filesystem =
          WritableFilesystem.open(faulty, SmallFilesystem.options(seed));
      workload.run(filesystem, OPERATIONS, 20);
      filesystem.close();
      workload.allDurable();
    } catch (DeviceException | CorruptionException e) {
      if (e instanceof CorruptionException && !e.getMessage().contains("no power")) {
        throw e;
      }
      // The power went, at a write or at a read: this is what it is about.
      for (BlockDevice device : faulty) {
        ((FaultyDevice) device).cutPower();
      }
    }
  }

  private void recoverACopy(
      List<MemoryDevice> media, SortedMap<Integer, Integer> found, String where, long seed) {
    List<MemoryDevice> copy = Judge.reopenable(media);
    WritableFilesystem filesystem =
        WritableFilesystem.open(new ArrayList<>(copy), SmallFilesystem.options(seed));
    assertEquals(found, TinyFiles.read(filesystem.btrees()), where + "recovered");
    filesystem.close();
    copy = Judge.reopenable(copy);
    assertEquals(found, Judge.files(copy), where + "recovered and closed");
    assertEquals(List.of(), Judge.findings(copy, spill), where + "recovered and closed");
  }
}
