// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.CopyOnWriteDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.testing.ErasedSuperblocks;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.error.Finding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several devices of one filesystem that have lost their superblocks, given in any order. */
class NoSuperblocksOfSeveralTest {
  private static final long SEED = 31;

  /** All devices, shuffled; those whose index is named have lost every superblock. */
  private static List<BlockDevice> devices(String name, List<Integer> erased) {
    List<BlockDevice> devices = new ArrayList<>();
    for (BlockDevice device : GoldenImages.open(name)) {
      boolean lost = erased.contains(devices.size());
      devices.add(lost ? ErasedSuperblocks.of(new CopyOnWriteDevice(device)) : device);
    }
    Collections.shuffle(devices, new Random(SEED));
    return devices;
  }

  private static List<String> rescued(
      String name, List<BlockDevice> devices, List<Finding> findings) {
    String passphrase = GoldenImages.passphrase(name);
    OpenOptions options =
        OpenOptions.defaults()
            .withRescue(true)
            .withThreads(2)
            .withFindings(findings::add)
            .withPassphrase(
                () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices, options)) {
      return TreeManifest.of(
          filesystem.namespace(), filesystem.data(), filesystem.namespace().root());
    }
  }

  @ParameterizedTest
  @CsvSource({"replicas2-3dev, 0, 1", "replicas2-3dev, 1, 2", "dirty-journal-multidev, 0, 1"})
  void whatTheyHoldTellsWhichTheyWere(String name, int one, int other) {
    List<Finding> findings = new CopyOnWriteArrayList<>();
    List<String> lines = rescued(name, devices(name, List.of(one, other)), findings);
    assertTrue(
        findings.stream().filter(finding -> finding.name().equals("no_superblock")).count() >= 2,
        findings::toString);
    assertEquals(GoldenImages.text(name, "manifest.txt").lines().toList(), lines);
  }

  /** Devices 2 and 3 hold no btree nodes, and are of one size. */
  @Test
  void theDataOnDevicesWithoutNodesTellsWhichTheyWere() {
    List<Finding> findings = new CopyOnWriteArrayList<>();
    List<String> lines = rescued("tiered", devices("tiered", List.of(2, 3)), findings);
    assertEquals(
        List.of(2, 3),
        findings.stream()
            .map(Finding::what)
            .filter(what -> what.endsWith(", by the data that it holds"))
            .map(what -> Integer.valueOf(what.replaceAll("[^0-9]", "")))
            .sorted()
            .toList(),
        findings::toString);
    assertEquals(GoldenImages.text("tiered", "manifest.txt").lines().toList(), lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiered", "replicas2-3dev", "dirty-journal-multidev", "ec-6dev"})
  void theWholeTreeIsReadWithoutAnySuperblock(String name) {
    int count = GoldenImages.open(name).size();
    List<Integer> all = IntStream.range(0, count).boxed().toList();
    List<Finding> findings = new CopyOnWriteArrayList<>();
    List<String> lines = rescued(name, devices(name, all), findings);
    assertEquals(
        ErasedSuperblocks.comparable(GoldenImages.text(name, "manifest.txt").lines().toList()),
        ErasedSuperblocks.comparable(lines),
        findings::toString);
  }
}
