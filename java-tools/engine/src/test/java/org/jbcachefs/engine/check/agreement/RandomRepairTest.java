// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jbcachefs.engine.repair.RepairOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damage from a seed, and a repair of everything: it ends, nothing is wrong afterwards, and no file
 * that could be read is lost or another one by content. Where a single device was damaged and there
 * are two copies of everything, nothing at all is lost, and each name is where it was.
 */
class RandomRepairTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long FIRST =
      Long.getLong("jbcachefs.repair.seed", Long.getLong("jbcachefs.seedBase", 1));
  private static final int SEEDS = Integer.getInteger("jbcachefs.repair.seeds", 0);
  private static final String ONLY = System.getProperty("jbcachefs.repair.base", "");

  /** Of how many seeds of a hundred keys and bytes are damaged; the others are wholesale. */
  private static final int SMALL_PERCENT = 60;

  @TempDir private static Path spill;

  /** A filesystem, and how many of 100 seeds damage it. */
  private record Share(String name, int percent, Supplier<RepairBase> base) {
    int seeds() {
      return SEEDS > 0 ? SEEDS : percent * (NIGHTLY ? 50 : 3);
    }
  }

  private static final List<Share> SHARES =
      List.of(
          new Share("default-1dev", 28, () -> RepairBase.golden("default-1dev")),
          new Share("snapshots", 26, () -> RepairBase.golden("snapshots")),
          new Share("reflink", 5, () -> RepairBase.golden("reflink")),
          new Share("encryption", 3, () -> RepairBase.golden("encryption")),
          new Share("tiered", 3, () -> RepairBase.golden("tiered")),
          new Share("replicas2-3dev", 15, () -> RepairBase.twice("replicas2-3dev", "r1/")),
          new Share("dirty-journal-multidev", 5, () -> RepairBase.twice("dirty-journal-multidev")),
          new Share("made-2dev", 8, () -> RepairBase.made("made-2dev", 2, 2, 1)),
          new Share("made-3dev", 4, () -> RepairBase.made("made-3dev", 3, 2, 2)),
          new Share("made-metadata", 3, () -> RepairBase.made("made-metadata", 2, 1, 3)));

  @Test
  void randomDamageIsRepairedAndNoReadableFileIsLost() {
    int repaired = 0;
    int seeds = 0;
    List<String> failed = new ArrayList<>();
    for (Share share : SHARES) {
      if (!share.name().contains(ONLY)) {
        continue;
      }
      RepairBase base = share.base().get();
      for (long seed = FIRST; seed < FIRST + share.seeds(); seed++) {
        RepairSubject one = subject(base, seed);
        seeds++;
        try {
          RepairOutcome outcome = one.run();
          repaired += outcome == null ? 0 : 1;
          if (outcome != null && !outcome.isClean()) {
            failed.add(one + " left " + outcome.last().counts().keySet() + "\n" + one.notes());
          }
        } catch (AssertionError e) {
          failed.add(e.toString());
          if (e.getCause() != null) {
            failed.add(String.join("\n  ", frames(e.getCause())));
          }
        }
      }
    }
    assertEquals("", String.join("\n\n", failed));
    int most = seeds;
    int done = repaired;
    assertTrue(done * 2 > most, () -> done + " of " + most + " could be opened and repaired");
    System.out.println(done + " of " + most + " repaired, the others refused by name");
  }

  /** Seeds that once failed, by the filesystem. */
  private static final Map<String, List<Long>> ONCE_FAILED =
      Map.of(
          "reflink",
              List.of(
                  5L, 110L, 2_011_010L, 5_000_111L, 6_000_409L, 6_000_525L, 6_000_648L, 6_000_750L),
          "made-2dev", List.of(8L, 21L, 42L, 16_000_075L),
          "made-3dev", List.of(42L),
          "made-metadata", List.of(2L),
          "default-1dev", List.of(385L, 2_020_068L, 5_000_232L, 9_001_562L, 15_000_018L),
          "encryption", List.of(9_000_167L),
          "dirty-journal-multidev", List.of(191L),
          "replicas2-3dev", List.of(21L, 385L, 637L),
          "snapshots",
              List.of(
                  583L,
                  2_013_048L,
                  5_000_196L,
                  8_000_975L,
                  10_000_199L,
                  11_001_474L,
                  15_001_529L,
                  16_000_418L,
                  16_000_493L),
          "tiered", List.of(3_000_012L, 9_000_167L));

  @Test
  void whatOnceFailedDoesNotFailAgain() {
    for (Share share : SHARES) {
      List<Long> seeds = ONCE_FAILED.getOrDefault(share.name(), List.of());
      if (!seeds.isEmpty()) {
        RepairBase base = share.base().get();
        for (long seed : seeds) {
          RepairSubject one = subject(base, seed);
          RepairOutcome outcome = one.run();
          assertTrue(outcome != null && outcome.isClean(), () -> one + "\n" + one.notes());
        }
      }
    }
  }

  @Test
  void bucketsOfWhichHardlyAnyGoIntoTheDeviceAreRefusedByName() {
    RepairBase base = RepairBase.golden("default-1dev");
    List<String> damage = List.of("set sb member0.bucket_size=41500");
    assertNull(new RepairSubject(base, 0, damage, false, spill).run());
  }

  private static RepairSubject subject(RepairBase base, long seed) {
    if (new SplittableRandom(seed).nextInt(100) < SMALL_PERCENT) {
      return new RepairSubject(base, seed, RandomDamage.of(base.inventory(), seed), false, spill);
    }
    WholesaleDamage damage = WholesaleDamage.of(base.inventory(), seed);
    return new RepairSubject(base, seed, damage.statements(), damage.redundant(), spill);
  }

  private static List<String> frames(Throwable cause) {
    return Arrays.stream(cause.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("org.jbcachefs"))
        .map(StackTraceElement::toString)
        .toList();
  }

  @Test
  void aPowerCutDuringARepairIsFinishedByTheNextRun() {
    RepairBase base = RepairBase.golden("default-1dev");
    List<String> damage =
        List.of(
            "delete alloc 0:71",
            "set inodes 0:2147483721:U32_MAX bi_nlink+=1",
            "delete dirents 2147483720:20232595360859581:U32_MAX",
            "kill backpointers:0:0");
    long writes = new RepairSubject(base, 0, damage, false, spill).writes();
    assertTrue(writes > 20, writes + " writes");
    SplittableRandom random = new SplittableRandom(FIRST);
    int cuts = NIGHTLY ? 300 : 6;
    for (int i = 0; i < cuts; i++) {
      long at = 1 + random.nextLong(writes);
      String where = "cut at write " + at + " of " + writes;
      RepairOutcome outcome = new RepairSubject(base, at, damage, false, spill).cut(at);
      assertTrue(outcome.isClean(), () -> where + ": " + outcome.last().counts());
    }
  }

  /** The same where one of several devices was damaged as a whole. */
  @Test
  void aPowerCutDuringARepairOfSeveralDevicesIsFinishedByTheNextRun() {
    List<RepairBase> bases = new ArrayList<>();
    SHARES.stream()
        .filter(share -> share.name().startsWith("made-") || share.name().startsWith("replicas2"))
        .forEach(share -> bases.add(share.base().get()));
    int seeds = NIGHTLY ? 60 : 2;
    for (RepairBase base : bases) {
      int done = 0;
      for (long seed = FIRST; done < seeds; seed++) {
        WholesaleDamage damage = WholesaleDamage.of(base.inventory(), seed);
        if (!damage.redundant()) {
          continue;
        }
        done++;
        List<String> words = damage.statements();
        long writes = new RepairSubject(base, seed, words, true, spill).writes();
        // One that only lost what nobody reads before it is written again has nothing to be done.
        long at = writes == 0 ? 0 : new SplittableRandom(seed).nextLong(writes);
        RepairSubject subject = new RepairSubject(base, seed, words, true, spill);
        RepairOutcome outcome = subject.cut(at);
        assertTrue(outcome.isClean(), () -> subject + " cut at " + at + "\n" + subject.notes());
      }
    }
  }

  /**
   * Btrees that cannot be read begin empty, and only their nodes say so on the devices. Wherever
   * the power is cut, nothing of what they were may come back once nobody is asked to check any
   * more.
   */
  @Test
  void nothingIsWrongOnceNoCheckIsAskedFor() {
    RepairBase base = RepairBase.golden("default-1dev");
    List<String> damage =
        List.of("kill alloc:0:0", "kill backpointers:0:0", "kill freespace:0:0", "kill lru:0:0");
    long writes = new RepairSubject(base, 0, damage, false, spill).writes();
    int cuts = NIGHTLY ? 200 : 10;
    SplittableRandom random = new SplittableRandom(FIRST);
    int unasked = 0;
    for (int i = 0; i < cuts; i++) {
      // The last writes of all are those that take the question back.
      long at = i < cuts / 2 ? writes - i : writes / 2 + random.nextLong(writes / 2);
      Set<String> found = new RepairSubject(base, at, damage, false, spill).cutAndUnasked(at);
      unasked += found == null ? 0 : 1;
      assertTrue(
          found == null || found.isEmpty(), () -> "cut at " + at + " of " + writes + ": " + found);
    }
    assertTrue(unasked > 0, "all cuts were too early");
  }
}
