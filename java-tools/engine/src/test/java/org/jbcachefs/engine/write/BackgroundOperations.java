// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jbcachefs.engine.data.move.Reconcile;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;

/**
 * What is done beside the users of a filesystem, a step at a time: extents are written anew as
 * options want them, buckets are emptied and discarded, snapshots are taken of everything, deleted,
 * and cleaned up. No file changes by it.
 */
final class BackgroundOperations {
  private static final int SNAPSHOTS_MOST = 2;
  private static final List<InodeOption> OPTIONS =
      List.of(
          InodeOption.BACKGROUND_COMPRESSION,
          InodeOption.COMPRESSION,
          InodeOption.DATA_CHECKSUM,
          InodeOption.DATA_REPLICAS,
          InodeOption.BACKGROUND_TARGET,
          InodeOption.FOREGROUND_TARGET);

  private final Random random;
  private final WritableFilesystem filesystem;
  private final WritableTree tree;
  private final int devices;
  private final TreeMap<String, SortedMap<String, FoundFile>> snapshots;
  private final boolean takesSnapshots;
  private String operation = "nothing";

  /**
   * @param takesSnapshots whether snapshots are taken
   * @param snapshots those that there are
   */
  BackgroundOperations(
      Random random,
      WritableFilesystem filesystem,
      WritableTree tree,
      boolean takesSnapshots,
      SortedMap<String, SortedMap<String, FoundFile>> snapshots) {
    this.random = random;
    this.filesystem = filesystem;
    this.tree = tree;
    this.takesSnapshots = takesSnapshots;
    this.devices = filesystem.devices().size();
    this.snapshots = new TreeMap<>(snapshots);
  }

  /** What was done last, in words. */
  String operation() {
    return operation;
  }

  /** The files of each snapshot that there should be now. */
  SortedMap<String, SortedMap<String, FoundFile>> snapshots() {
    return new TreeMap<>(snapshots);
  }

  /** Does something. */
  void run(RandomFiles files) {
    int kind = random.nextInt(16);
    switch (kind) {
      case 0, 1, 2, 3 -> reconcile();
      case 4, 5, 6 -> {
        operation = "copygc";
        filesystem.compact();
      }
      case 7, 8 -> {
        operation = "tick";
        filesystem.tick();
      }
      case 9, 10 -> {
        operation = "clean up";
        tree.cleanUp(goOn(random.nextInt(4)));
      }
      case 11, 12 -> snapshot(files);
      case 13 -> delete();
      case 14 -> setOption(files.anyFile());
      default -> scan();
    }
  }

  private static BooleanSupplier goOn(int steps) {
    int[] left = {steps};
    return () -> left[0]-- > 0;
  }

  private void reconcile() {
    int steps = random.nextBoolean() ? random.nextInt(30) : Integer.MAX_VALUE;
    operation = "reconcile and promotions, " + steps + " steps";
    filesystem.promote(goOn(steps));
    filesystem.narrowChecksums(goOn(steps));
    filesystem.reconcile(goOn(steps));
  }

  private void scan() {
    operation = "scan";
    if (random.nextBoolean()) {
      filesystem.askForScan();
    } else {
      filesystem.askForScan(Reconcile.scanOfPending());
    }
  }

  private InodeId kept() {
    return tree.lookup(tree.root(), "lost+found".getBytes(UTF_8)).orElseThrow().id();
  }

  private void snapshot(RandomFiles files) {
    if (!takesSnapshots || snapshots.size() >= SNAPSHOTS_MOST) {
      delete();
      return;
    }
    String name = "s" + random.nextInt(1 << 20);
    operation = "snapshot " + name;
    if (snapshots.putIfAbsent(name, files.files()) == null) {
      boolean readOnly = random.nextBoolean();
      tree.createSnapshot(tree.root().subvolume(), kept(), name.getBytes(UTF_8), readOnly);
    }
  }

  private void delete() {
    operation = "no snapshot to delete";
    if (!snapshots.isEmpty()) {
      List<String> names = List.copyOf(snapshots.keySet());
      String name = names.get(random.nextInt(names.size()));
      operation = "delete snapshot " + name;
      snapshots.remove(name);
      tree.deleteSubvolume(kept(), name.getBytes(UTF_8));
    }
  }

  private void setOption(InodeId file) {
    InodeOption option = OPTIONS.get(random.nextInt(OPTIONS.size()));
    if (option == InodeOption.DATA_REPLICAS
        && filesystem.options().value(FilesystemOption.NOCOW) != 0) {
      // Copies may differ after a crash, and nothing says which one is right.
      option = InodeOption.COMPRESSION;
    }
    long value =
        switch (option) {
          case BACKGROUND_COMPRESSION, COMPRESSION, DATA_CHECKSUM -> random.nextInt(4);
          case DATA_REPLICAS -> 1L + random.nextInt(Math.min(3, devices + 1));
          default -> random.nextInt(devices + 1);
        };
    operation = "set " + option + " of " + file + " to " + value;
    OptionalLong set = random.nextInt(4) == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    tree.setOption(file, option, set);
  }
}
