// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random operations in subvolumes and snapshots of them and snapshots of these: what is done in one
 * changes no other, whatever they share; deleting one changes no other either.
 */
class SnapshotSimulatorTest {
  private static final boolean NIGHTLY = Boolean.getBoolean("jbcachefs.nightly");
  private static final long SEED_BASE = Long.getLong("jbcachefs.seedBase", 0);
  private static final int VOLUMES_MOST = 6;

  @TempDir Path spill;

  private Random random;
  private WritableTree tree;
  private int made;
  private final List<Volume> volumes = new ArrayList<>();

  /** A subvolume and what should be in it. */
  private record Volume(String name, InodeId root, ModelTree model, boolean readOnly) {}

  @Test
  void volumesDoNotSeeWhatIsDoneInOthers() {
    int seeds = NIGHTLY ? 500 : 3;
    for (long seed = SEED_BASE; seed < SEED_BASE + seeds; seed++) {
      run(seed);
    }
  }

  private void run(long seed) {
    random = new Random(seed);
    volumes.clear();
    SimulatedKind kind = SimulatedKind.of(seed);
    List<MemoryDevice> media = kind.devices();
    WritableFilesystem filesystem = kind.create(media, seed);
    tree = new WritableTree(filesystem, _ -> {});
    InodeId first =
        tree.createSubvolume(tree.root(), "first".getBytes(UTF_8), NewInode.of(0x41ed, 0, 0)).id();
    volumes.add(new Volume("first", first, new ModelTree(), false));
    for (int round = 0; round < 12; round++) {
      String where = "seed " + seed + " (-Djbcachefs.seedBase=" + seed + "), round " + round;
      step(kind, where);
      if (round % 4 == 3) {
        tree.syncAll();
        check(media, where);
      }
    }
    tree.close();
    filesystem.close();
    check(media, "seed " + seed + ", closed");
  }

  private void step(SimulatedKind kind, String where) {
    List<Volume> writable = volumes.stream().filter(volume -> !volume.readOnly).toList();
    Volume volume = writable.get(random.nextInt(writable.size()));
    RandomFiles files = new RandomFiles(random, volume.model, kind.blockBytes(), volume.root);
    try {
      files.run(tree, 40);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(where + ", " + volume.name + ": " + files.operation(), e);
    }
    if (volumes.size() < VOLUMES_MOST && random.nextInt(3) > 0) {
      snapshot(volumes.get(random.nextInt(volumes.size())));
    } else if (volumes.size() > 1) {
      delete(writable);
    }
  }

  private void snapshot(Volume of) {
    String name = "s" + made++;
    boolean readOnly = random.nextInt(3) == 0;
    InodeId root =
        tree.createSnapshot(of.root.subvolume(), tree.root(), name.getBytes(UTF_8), readOnly).id();
    volumes.add(new Volume(name, root, ModelTree.of(of.model.files()), readOnly));
  }

  private void delete(List<Volume> writable) {
    Volume victim = volumes.get(random.nextInt(volumes.size()));
    if (writable.size() > 1 || victim.readOnly) {
      tree.deleteSubvolume(tree.root(), victim.name.getBytes(UTF_8));
      volumes.remove(victim);
      if (random.nextBoolean()) {
        tree.cleanUp();
      }
    }
  }

  private void check(List<MemoryDevice> media, String where) {
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(Judge.copies(media), OpenOptions.defaults())) {
      for (Volume volume : volumes) {
        RandomFiles files = new RandomFiles(random, volume.model, 512);
        assertEquals(
            "",
            files.differences(
                FoundTree.read(
                    filesystem.namespace(),
                    filesystem.data(),
                    filesystem.namespace().subvolumeRoot(volume.root.subvolume()))),
            where + ", " + volume.name);
      }
    }
    assertEquals(List.of(), Judge.findings(media, spill), where);
  }
}
