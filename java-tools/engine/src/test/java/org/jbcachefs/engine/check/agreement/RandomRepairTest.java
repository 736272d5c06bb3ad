// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.FaultyDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damage from a seed, and a repair of everything: it ends, nothing is wrong afterwards but what no
 * repair is for, and no file that could be read is lost or another one by content.
 */
class RandomRepairTest {
  private static final String[] BASES = {"default-1dev", "snapshots"};
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long FIRST = Long.getLong("jbcachefs.repair.seed", 1);
  private static final int SEEDS =
      Integer.getInteger("jbcachefs.repair.seeds", NIGHTLY ? 2500 : 150);

  /** Of a hundred seeds so many must end clean; of thousands some may have what has no repair. */
  private static final int CLEAN_PERCENT = NIGHTLY ? 99 : 100;

  private static final Pattern SHA =
      Pattern.compile("\"path\": (\"[^\"]*\").*\"sha256\": \"(\\w+)\"");

  @TempDir private static Path spill;

  @Test
  void randomDamageIsRepairedAndNoReadableFileIsLost() {
    int repaired = 0;
    int clean = 0;
    List<String> left = new ArrayList<>();
    List<String> failed = new ArrayList<>();
    for (String base : BASES) {
      Inventory inventory = new Inventory(base);
      Set<String> original = hashes(GoldenImages.text(base, "manifest.txt").lines().toList());
      for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
        Seed one = new Seed(base, seed, RandomDamage.of(inventory, seed));
        RepairOutcome outcome = null;
        try {
          outcome = one.run(original);
        } catch (AssertionError e) {
          failed.add(e.toString());
          if (e.getCause() != null) {
            failed.add(String.join("\n  ", frames(e.getCause())));
          }
        }
        if (outcome != null) {
          repaired++;
          clean += outcome.isClean() ? 1 : 0;
          if (!outcome.isClean()) {
            left.add(one + " " + outcome.last().counts().keySet() + "\n" + one.notes());
          }
        }
      }
    }
    String text = clean + " of " + repaired + " clean; left:\n" + String.join("\n", left);
    assertEquals("", String.join("\n\n", failed), text);
    assertTrue(clean * 100 >= repaired * CLEAN_PERCENT && repaired > SEEDS, text);
    // What is left is to be looked at, also where it is allowed.
    System.out.println(text);
  }

  private static List<String> frames(Throwable cause) {
    return Arrays.stream(cause.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("org.jbcachefs"))
        .map(StackTraceElement::toString)
        .toList();
  }

  @Test
  void aPowerCutDuringARepairIsFinishedByTheNextRun() {
    String base = "default-1dev";
    List<String> damage =
        List.of(
            "delete alloc 0:71",
            "set inodes 0:2147483721:U32_MAX bi_nlink+=1",
            "delete dirents 2147483720:20232595360859581:U32_MAX",
            "kill backpointers:0:0");
    long writes = new Seed(base, 0, damage).writes();
    assertTrue(writes > 20, writes + " writes");
    SplittableRandom random = new SplittableRandom(FIRST);
    int cuts = NIGHTLY ? 300 : 6;
    for (int i = 0; i < cuts; i++) {
      long at = 1 + random.nextLong(writes);
      String where = "cut at write " + at + " of " + writes;
      RepairOutcome outcome = new Seed(base, at, damage).cut(at);
      assertTrue(outcome.isClean(), () -> where + ": " + outcome.last().counts());
    }
  }

  /**
   * Btrees that cannot be read begin empty, and only their nodes say so on the devices. Wherever
   * the power is cut, nothing of what they were may come back once nobody is asked to check any
   * more.
   */
  @Test
  void nothingIsWrongOnceNoCheckIsAskedFor() {
    String base = "default-1dev";
    List<String> damage =
        List.of("kill alloc:0:0", "kill backpointers:0:0", "kill freespace:0:0", "kill lru:0:0");
    long writes = new Seed(base, 0, damage).writes();
    int cuts = NIGHTLY ? 200 : 10;
    SplittableRandom random = new SplittableRandom(FIRST);
    int unasked = 0;
    for (int i = 0; i < cuts; i++) {
      // The last writes of all are those that take the question back.
      long at = i < cuts / 2 ? writes - i : writes / 2 + random.nextLong(writes / 2);
      Set<String> found = new Seed(base, at, damage).cutAndUnasked(at);
      unasked += found == null ? 0 : 1;
      assertTrue(
          found == null || found.isEmpty(), () -> "cut at " + at + " of " + writes + ": " + found);
    }
    assertTrue(unasked > 0, "all cuts were too early");
  }

  private static Set<String> hashes(List<String> manifest) {
    Set<String> found = new TreeSet<>();
    for (String line : manifest) {
      Matcher matcher = SHA.matcher(line);
      if (matcher.find()) {
        found.add(matcher.group(1) + " " + matcher.group(2));
      }
    }
    return found;
  }

  /** One damaged filesystem. */
  private record Seed(String base, long seed, List<String> damage, RepairNotes notes) {
    Seed(String base, long seed, List<String> damage) {
      this(base, seed, damage, new RepairNotes());
    }

    private static OpenOptions open() {
      return OpenOptions.defaults().withThreads(1);
    }

    private List<BlockDevice> damaged() {
      List<BlockDevice> devices = new ArrayList<>();
      GoldenImages.open(base).forEach(device -> devices.add(new CopyOnWriteDevice(device)));
      for (String statement : damage) {
        try {
          new ImageEditor(devices, open()).runAll(statement);
        } catch (RefusedException | CorruptionException e) {
          // What an earlier statement destroyed cannot be changed, nor a field hold any number.
          assertTrue(!e.getMessage().isEmpty());
        }
      }
      return devices;
    }

    private static RepairOptions options() {
      return new RepairOptions(
          WriteOptions.defaults().withOpen(open()),
          CheckOptions.defaults().withThreads(1).withSpill(spill));
    }

    /** Null if the filesystem cannot even be opened for checking, or must not be written to. */
    RepairOutcome run(Set<String> original) {
      List<BlockDevice> devices = damaged();
      try {
        if (!canBeOpened(devices)) {
          return null;
        }
        Set<String> readable = tree(devices);
        readable.retainAll(original);
        RepairOutcome outcome = new RepairRun(devices, options(), notes).run();
        Set<String> contents = new HashSet<>();
        tree(devices).forEach(file -> contents.add(content(file)));
        Set<String> lost = new TreeSet<>();
        readable.stream().filter(file -> !contents.contains(content(file))).forEach(lost::add);
        assertEquals(Set.of(), lost, () -> this + "\n" + notes);
        return outcome;
      } catch (RefusedException e) {
        assertTrue(!e.reason().isEmpty());
        return null;
      } catch (RuntimeException e) {
        throw new AssertionError(this + "\n" + notes, e);
      } finally {
        devices.forEach(BlockDevice::close);
      }
    }

    /** Without any superblock it is for recover-super. */
    private static boolean canBeOpened(List<BlockDevice> devices) {
      List<BlockDevice> borrowed = new ArrayList<>();
      devices.forEach(device -> borrowed.add(new Kept(device)));
      try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, open())) {
        return filesystem.superblock() != null;
      } catch (BcachefsException e) {
        assertTrue(!e.getMessage().isEmpty());
        return false;
      }
    }

    private static String content(String file) {
      return file.substring(file.lastIndexOf(' ') + 1);
    }

    /** Files and their contents; none if the damage lets nothing be listed. */
    private static Set<String> tree(List<BlockDevice> devices) {
      List<BlockDevice> borrowed = new ArrayList<>();
      devices.forEach(device -> borrowed.add(new Kept(device)));
      // Keys that contradict the format by themselves are damage, though they may be readable.
      OpenOptions checking = open().withKeyChecks(true);
      try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, checking)) {
        return hashes(
            TreeManifest.of(
                filesystem.namespace(), filesystem.data(), filesystem.namespace().root()));
      } catch (BcachefsException | NoSuchElementException _) {
        // Some list names what cannot be found: what could be read is not known.
        return new TreeSet<>();
      }
    }

    /** How many writes the repair takes. */
    long writes() {
      List<BlockDevice> devices = new ArrayList<>();
      damaged().forEach(device -> devices.add(new FaultyDevice(device, 1)));
      try {
        assertTrue(new RepairRun(devices, options(), new RepairNotes()).run().isClean());
        return devices.stream().mapToLong(one -> ((FaultyDevice) one).counts().writes()).sum();
      } finally {
        devices.forEach(BlockDevice::close);
      }
    }

    private List<BlockDevice> cutOff(long at) {
      List<BlockDevice> devices = new ArrayList<>();
      damaged().forEach(device -> devices.add(new FaultyDevice(device, seed).cutPowerAfter(at)));
      try {
        new RepairRun(devices, options(), new RepairNotes()).run();
      } catch (DeviceException _) {
        // That is the cut.
      }
      devices.forEach(device -> ((FaultyDevice) device).cutPower());
      devices.forEach(device -> ((FaultyDevice) device).restorePower());
      return devices;
    }

    /**
     * What is wrong after the power was cut in the middle of a repair; null if the superblock says
     * that there is something to be checked.
     */
    Set<String> cutAndUnasked(long at) {
      List<BlockDevice> devices = cutOff(at);
      ReadingFindings reading = new ReadingFindings();
      try (ReadFilesystem filesystem =
          ReadFilesystem.open(devices, open().withKeyChecks(true).withFindings(reading))) {
        long asked =
            filesystem.superblock().ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
        CheckOptions options = CheckOptions.defaults().withThreads(1).withSpill(spill);
        return asked != 0
            ? null
            : new Check(filesystem, reading, options, new RepairNotes()).run().counts().keySet();
      }
    }

    /** Cuts the power in the middle of a repair, and repairs again. */
    RepairOutcome cut(long at) {
      List<BlockDevice> devices = cutOff(at);
      try {
        return new RepairRun(devices, options(), new RepairNotes()).run();
      } finally {
        devices.forEach(BlockDevice::close);
      }
    }

    @Override
    public String toString() {
      return base + " seed " + seed + " " + damage + " (-Djbcachefs.repair.seed=" + seed + ")";
    }
  }
}
