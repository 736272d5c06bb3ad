// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.testing.SharedPower;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.ExtSection;

/** One damaged filesystem, to be repaired. */
record RepairSubject(
    RepairBase base,
    long seed,
    List<String> damage,
    boolean redundant,
    Path spill,
    RepairNotes notes) {
  private static final int WORDS_SHOWN = 12;

  /** An extent that became a sound key of another kind: nobody can tell. */
  private static final Pattern RETYPED = Pattern.compile("^set (extents|reflink) \\S+ type");

  private static final Set<String> SPLIT_BRAIN = Set.of("device_splitbrain");

  RepairSubject(RepairBase base, long seed, List<String> damage, boolean redundant, Path spill) {
    this(base, seed, damage, redundant, spill, new RepairNotes());
  }

  private RepairOptions options() {
    return new RepairOptions(
        WriteOptions.defaults().withOpen(base.open()),
        CheckOptions.defaults().withThreads(1).withSpill(spill));
  }

  /** Null if the filesystem cannot even be opened for checking, or must not be written to. */
  RepairOutcome run() {
    List<BlockDevice> devices = base.damaged(damage);
    try {
      if (!canBeOpened(devices) && !(redundant && leavingOneOut(devices))) {
        assertTrue(!redundant, () -> this + ": cannot be opened");
        return null;
      }
      RepairBase.Tree before = base.tree(devices);
      Set<String> readable = new TreeSet<>(before.files());
      readable.retainAll(base.original().files());
      Set<String> needed = redundant ? base.filesKept() : Set.of();
      assertEquals(Set.of(), missing(needed, readable), () -> this + ": unreadable beforehand");
      RepairOutcome outcome = new RepairRun(devices, options(), notes).run();
      RepairBase.Tree after = base.tree(devices);
      assertEquals(Set.of(), lost(readable, after.files()), () -> this + "\n" + notes);
      assertEquals(Set.of(), missing(needed, after.files()), () -> this + "\n" + notes);
      if (outcome.isClean() && damage.stream().noneMatch(RETYPED.asPredicate())) {
        List<String> zeros = base.contents().posedZeros(base.changed(devices, after));
        assertEquals(List.of(), zeros, () -> this + ": zeros stand in for data\n" + notes);
      }
      Set<String> paths = redundant ? base.pathsKept() : Set.of();
      assertEquals(Set.of(), missing(paths, after.paths()), () -> this + "\n" + notes);
      // Which side of a split brain is right is for whoever owns it to say.
      return outcome.last().counts().keySet().equals(SPLIT_BRAIN) && !redundant ? null : outcome;
    } catch (RefusedException e) {
      assertTrue(!e.reason().isEmpty() && !redundant, () -> this + ": " + e.getMessage());
      return null;
    } catch (RuntimeException e) {
      throw new AssertionError(this + "\n" + notes, e);
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private static Set<String> missing(Set<String> wanted, Set<String> there) {
    Set<String> missing = new TreeSet<>(wanted);
    missing.removeAll(there);
    return missing;
  }

  /** Files that are neither where they were nor, by content, somewhere else instead. */
  private static Set<String> lost(Set<String> before, Set<String> after) {
    Map<String, Integer> elsewhere = new HashMap<>();
    for (String file : missing(after, before)) {
      elsewhere.merge(content(file), 1, Integer::sum);
    }
    Set<String> lost = missing(before, after);
    lost.removeIf(file -> elsewhere.merge(content(file), -1, Integer::sum) >= 0);
    return lost;
  }

  private static String content(String file) {
    return file.substring(file.lastIndexOf(' ') + 1);
  }

  /** Without any superblock it is for recover-super. */
  private boolean canBeOpened(List<BlockDevice> devices) {
    List<BlockDevice> borrowed = new ArrayList<>();
    devices.forEach(device -> borrowed.add(new Kept(device)));
    try (ReadFilesystem filesystem = ReadFilesystem.open(borrowed, base.open())) {
      return filesystem.superblock() != null;
    } catch (BcachefsException e) {
      assertTrue(!e.getMessage().isEmpty());
      return false;
    }
  }

  /** A device without any superblock is refused, and left out then. */
  private boolean leavingOneOut(List<BlockDevice> devices) {
    for (BlockDevice device : List.copyOf(devices)) {
      List<BlockDevice> others = new ArrayList<>(devices);
      others.remove(device);
      if (canBeOpened(others)) {
        devices.remove(device);
        device.close();
        return true;
      }
    }
    return false;
  }

  /** The damaged members that can be opened, without one that has no superblock any more. */
  private List<BlockDevice> openable() {
    List<BlockDevice> devices = base.damaged(damage);
    assertTrue(
        canBeOpened(devices) || (redundant && leavingOneOut(devices)),
        () -> this + ": cannot be opened");
    return devices;
  }

  /** How many writes the repair takes. */
  long writes() {
    try (SharedPower power = new SharedPower(openable(), 1)) {
      RepairOutcome outcome = new RepairRun(power.devices(), options(), notes).run();
      assertTrue(outcome.isClean(), () -> this + "\n" + notes);
      return power.writes();
    }
  }

  private SharedPower cutOff(long at) {
    SharedPower power = new SharedPower(openable(), seed).cutAfter(at);
    try {
      new RepairRun(power.devices(), options(), new RepairNotes()).run();
    } catch (DeviceException _) {
      // That is the cut.
    } catch (CorruptionException e) {
      // Or what comes of it: a node that is not in memory cannot be read then.
      if (!e.getMessage().contains("no power")) {
        throw e;
      }
    }
    power.cycle();
    return power;
  }

  /**
   * What is wrong after the power was cut in the middle of a repair; null if the superblock says
   * that there is something to be checked.
   */
  Set<String> cutAndUnasked(long at) {
    ReadingFindings reading = new ReadingFindings();
    OpenOptions open = base.open().withKeyChecks(true).withFindings(reading);
    try (SharedPower power = cutOff(at);
        ReadFilesystem filesystem = ReadFilesystem.open(power.devices(), open)) {
      long asked = filesystem.superblock().ext().map(ExtSection::recoveryPassesRequired).orElse(0L);
      return asked != 0
          ? null
          : new Check(filesystem, reading, options().check(), new RepairNotes())
              .run()
              .counts()
              .keySet();
    }
  }

  /** Cuts the power in the middle of a repair, and repairs again. Nothing is lost by that. */
  RepairOutcome cut(long at) {
    List<BlockDevice> before = openable();
    Set<String> readable = new TreeSet<>(base.tree(before).files());
    before.forEach(BlockDevice::close);
    readable.retainAll(base.original().files());
    try (SharedPower power = cutOff(at)) {
      RepairOutcome outcome = new RepairRun(power.devices(), options(), notes).run();
      RepairBase.Tree after = base.tree(power.devices());
      String where = this + " cut at write " + at;
      assertEquals(Set.of(), lost(readable, after.files()), () -> where + "\n" + notes);
      Set<String> needed = redundant ? base.filesKept() : Set.of();
      assertEquals(Set.of(), missing(needed, after.files()), () -> where + "\n" + notes);
      if (outcome.isClean()) {
        List<String> zeros = base.contents().posedZeros(base.changed(power.devices(), after));
        assertEquals(List.of(), zeros, () -> where + ": zeros stand in for data\n" + notes);
      }
      return outcome;
    }
  }

  @Override
  public String toString() {
    String words =
        damage.size() <= WORDS_SHOWN
            ? damage.toString()
            : damage.subList(0, WORDS_SHOWN) + " and " + (damage.size() - WORDS_SHOWN) + " more";
    return base
        + " seed "
        + seed
        + " "
        + words
        + " (-Djbcachefs.repair.seed="
        + seed
        + " -Djbcachefs.repair.seeds=1 -Djbcachefs.repair.base="
        + base
        + ")";
  }
}
