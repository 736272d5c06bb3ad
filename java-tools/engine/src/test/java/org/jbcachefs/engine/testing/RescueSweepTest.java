// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;
import org.junit.jupiter.api.Test;

/**
 * Golden filesystems damaged in every way that a rescue is for, from a seed: each file whose keys
 * and data are left comes out as it was, under its path if that is left too; of all others nothing
 * wrong is shown.
 */
class RescueSweepTest {
  private static final int SECTOR = 512;
  private static final Pattern PATH = Pattern.compile("^\\{\"path\": (\"(?:[^\"\\\\]|\\\\.)*\")");
  private static final Pattern CONTENTS = Pattern.compile("\"sha256[_a-z]*\": \"[0-9a-f]+\"");
  private static final String LOST = "\"lost+found-jbcachefs/";

  /** So many filesystems a day of each kind of damage. */
  private static final int DAILY = 3;

  private static final List<String> OF_SEVERAL =
      List.of("dirty-journal-multidev", "ec-6dev", "many-devices", "replicas2-3dev", "tiered");

  private static final List<String> NAMES =
      List.of(
          "casefold-default",
          "checksums-all",
          "compression-all",
          "default-1dev",
          "dirty-btree-small-nodes",
          "dirty-journal-1",
          "dirty-journal-multidev",
          "ec-6dev",
          "encryption",
          "inodes-32bit",
          "many-devices",
          "metadata-csum-none",
          "nocow",
          "old-version-1.13",
          "quota",
          "reflink",
          "replicas2-3dev",
          "snapshots",
          "tiered",
          "upgraded-1.13-to-1.38",
          "v128-default",
          "v139-default",
          "v139-snapshots");

  /** What is done to a filesystem. */
  private enum Damage {
    /** All roots are zeroed. */
    ROOTS,
    /** Three of ten interior nodes, roots among them. */
    INTERIOR_NODES,
    /** All superblocks of all devices. */
    SUPERBLOCKS,
    /** One of several devices. */
    DEVICE,
    /** One of ten nodes of any level. */
    NODES
  }

  @Test
  void whatIsLeftComesOutAsItWas() {
    boolean nightly = Boolean.getBoolean("jbcachefs.nightly");
    long base = Long.getLong("jbcachefs.seedBase", 1);
    String only = System.getProperty("jbcachefs.rescue");
    Map<Damage, Integer> judged = new TreeMap<>();
    List<String> failures = new ArrayList<>();
    for (long seed = base; seed < base + (nightly ? 4 : 1); seed++) {
      for (Damage damage : Damage.values()) {
        List<String> names = new ArrayList<>(damage == Damage.DEVICE ? OF_SEVERAL : NAMES);
        Collections.shuffle(names, new Random(seed * 31 + damage.name().hashCode()));
        for (String name : nightly || only != null ? names : names.subList(0, DAILY)) {
          if (only != null && !only.equals(name + ":" + damage)) {
            continue;
          }
          Case one = new Case(name, damage, seed);
          try {
            judged.merge(damage, one.judge(), Integer::sum);
          } catch (AssertionError | RuntimeException e) {
            failures.add(one.reproduce + "\n  " + e);
          }
        }
      }
    }
    System.out.println(
        "rescue sweep, seed base " + base + ", files that had to survive: " + judged);
    assertEquals(List.of(), failures);
    if (only == null) {
      judged.forEach((damage, files) -> assertTrue(files > 100, damage + ": " + files));
    }
  }

  /** One filesystem, damaged in one way. */
  private static final class Case {
    private final String name;
    private final Damage damage;
    private final String reproduce;
    private final SplittableRandom random;
    private final List<BlockDevice> devices = new ArrayList<>();
    private final Set<Integer> gone = new HashSet<>();
    private final List<BtreePointer> destroyed = new ArrayList<>();
    private Survivors survivors;

    Case(String name, Damage damage, long seed) {
      this.name = name;
      this.damage = damage;
      this.random = new SplittableRandom(seed * 1_000_003 + name.hashCode());
      this.reproduce =
          "-Djbcachefs.rescue=" + name + ":" + damage + " -Djbcachefs.seedBase=" + seed;
    }

    /** Returns how many files had to come out as they were, and did. */
    int judge() {
      List<CopyOnWriteDevice> copies =
          GoldenImages.open(name).stream().map(CopyOnWriteDevice::new).toList();
      devices.addAll(copies);
      if (damage == Damage.SUPERBLOCKS && GoldenImages.passphrase(name) != null) {
        return 0;
      }
      try (ReadFilesystem whole = GoldenFilesystem.open(name, new ArrayList<>())) {
        choose(whole);
        survivors = new Survivors(whole, destroyed, gone);
        Map<String, CopyOnWriteDevice> byName =
            copies.stream().collect(Collectors.toMap(BlockDevice::name, device -> device));
        for (BtreePointer node : destroyed) {
          for (BtreePointer.Replica replica : node.replicas()) {
            byName
                .get(whole.devices().name(replica.device()))
                .zero(replica.sector() * SECTOR, whole.superblock().btreeNodeBytes());
          }
        }
        for (int index : gone) {
          devices.remove(byName.get(whole.devices().name(index)));
        }
      }
      if (damage == Damage.SUPERBLOCKS) {
        copies.forEach(ErasedSuperblocks::of);
        Collections.shuffle(devices, new Random(random.nextLong()));
      }
      try (ReadFilesystem left =
          GoldenFilesystem.rescue(name, devices, new CopyOnWriteArrayList<>())) {
        return compare(TreeManifest.of(left.namespace(), left.data(), left.namespace().root()));
      }
    }

    private void choose(ReadFilesystem whole) {
      List<BtreePointer> all = nodes(whole);
      switch (damage) {
        case ROOTS -> destroyed.addAll(roots(whole));
        case INTERIOR_NODES ->
            all.stream()
                .filter(node -> node.level() > 0 && random.nextInt(10) < 3)
                .forEach(destroyed::add);
        case NODES -> all.stream().filter(node -> random.nextInt(10) == 0).forEach(destroyed::add);
        case DEVICE -> {
          gone.add(random.nextInt(whole.devices().size()));
          all.stream()
              .filter(node ->
                  node.replicas().stream().allMatch(replica -> gone.contains(replica.device())))
              .forEach(destroyed::add);
        }
        case SUPERBLOCKS -> {}
      }
    }

    private static List<BtreePointer> roots(ReadFilesystem whole) {
      return whole.journal().roots().stream()
          .filter(root -> root.key() != null)
          .map(root -> BtreePointer.parse(root.btree(), root.level(), root.key(), Place.NOWHERE))
          .toList();
    }

    private static List<BtreePointer> nodes(ReadFilesystem whole) {
      List<BtreePointer> nodes = new ArrayList<>();
      for (BtreePointer root : roots(whole)) {
        nodes.add(root);
        for (int level = root.level() - 1; level >= 0; level--) {
          try (KeyIterator keys =
              whole.btrees().iterate(root.btree(), level + 1, Bpos.MIN, Bpos.MAX)) {
            while (keys.next()) {
              nodes.add(BtreePointer.parse(root.btree(), level, keys.key(), Place.NOWHERE));
            }
          }
        }
      }
      return nodes;
    }

    /** Without what depends on other files or was in the superblock. */
    private String comparable(String line) {
      String alone = line.replaceFirst("\"hl\": \"(?:[^\"\\\\]|\\\\.)*\"", "");
      return damage == Damage.SUPERBLOCKS
          ? ErasedSuperblocks.comparable(List.of(alone)).getFirst()
          : alone;
    }

    private static String path(String line) {
      Matcher matcher = PATH.matcher(line);
      assertTrue(matcher.find(), line);
      return matcher.group(1);
    }

    private static String withoutPath(String line) {
      return PATH.matcher(line).replaceFirst("");
    }

    private int compare(List<String> lines) {
      Map<String, String> shown = new HashMap<>();
      Set<String> byNumber = new HashSet<>();
      for (String line : lines) {
        shown.put(path(line), line);
        if (path(line).startsWith(LOST)) {
          byNumber.add(withoutPath(comparable(line)));
        }
      }
      if (!survivors.treesSurvive()) {
        return 0;
      }
      int count = 0;
      for (String line : GoldenImages.text(name, "manifest.txt").lines().toList()) {
        String path = path(line);
        String actual = shown.get(path);
        if (!survivors.survives(path)) {
          if (!survivors.mayBeOlder(path)) {
            nothingWrong(line, actual);
          }
        } else if (survivors.pathSurvives(path)) {
          assertTrue(actual != null, "not shown: " + line);
          assertEquals(comparable(line), comparable(actual));
          count++;
        } else if (actual == null || !comparable(actual).equals(comparable(line))) {
          assertTrue(
              byNumber.contains(withoutPath(comparable(line))), "not found by number: " + line);
          count++;
        }
      }
      return count;
    }

    /** A file that lost something is not shown, has an error, or has its own contents still. */
    private void nothingWrong(String line, String actual) {
      if (actual != null && !actual.contains("\"error\": ") && line.contains("\"type\": \"f\"")) {
        assertEquals(contents(line), contents(actual), actual);
      }
    }

    private static String contents(String line) {
      Matcher matcher = CONTENTS.matcher(line);
      return matcher.find() ? matcher.group() : "";
    }
  }
}
