// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.Entry;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.upgrade.UpgradeOptions;
import org.jbcachefs.engine.upgrade.UpgradeRun;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/**
 * A program that does random things to the files of filesystems, which it opens as a mount does:
 * older ones are upgraded. For each line {@code SEED OPERATIONS clean|cut|volume IMAGE...} of its
 * standard input it fills one; "clean" closes it, "cut" stops in the midst of work, so that its
 * journal must be replayed. For stages that let a kernel judge. Without operations a filesystem may
 * have files: it is opened for writing and closed. With "volume" it may as well: a new subvolume
 * {@code volume-SEED} is filled, and the one of seed SEED - 1, if it is there, as it is now with
 * whatever others wrote into it; a snapshot is taken of each, and what is there of seed SEED - 2 is
 * deleted, but for what others made subvolumes in.
 */
final class TreeWriter {
  private static final int IMAGES = 3;
  private static final NewInode FOLDER = NewInode.of(0x41ed, 0, 0);

  private TreeWriter() {}

  public static void main(String[] words) throws IOException {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        fill(line.split(" ", -1));
      }
    }
  }

  private static void fill(String[] words) {
    long seed = Long.parseLong(words[0]);
    int operations = Integer.parseInt(words[1]);
    String how = words[2];
    List<BlockDevice> devices = new ArrayList<>();
    for (int i = IMAGES; i < words.length; i++) {
      devices.add(FileBlockDevice.openReadWrite(Path.of(words[i])));
    }
    WritableFilesystem filesystem =
        UpgradeRun.open(devices, UpgradeOptions.of(WriteOptions.defaults()));
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    if (how.equals("volume")) {
      volumes(tree, filesystem.superblock().blockBytes(), seed, operations);
      tree.close();
      filesystem.close();
      return;
    }
    int block = filesystem.superblock().blockBytes();
    RandomFiles files = new RandomFiles(new Random(seed), new ModelTree(), block);
    files.run(tree, operations);
    if (how.equals("clean")) {
      tree.close();
      filesystem.close();
    } else {
      tree.syncAll();
      files.run(tree, operations / 10);
      filesystem.abandon();
    }
  }

  private static void volumes(WritableTree tree, int block, long seed, int operations) {
    Random random = new Random(seed);
    InodeId volume = tree.createSubvolume(tree.root(), name("volume", seed), FOLDER).id();
    new RandomFiles(random, new ModelTree(), block, volume).run(tree, operations);
    snapshot(tree, volume, seed, false);
    new RandomFiles(random, new ModelTree(), block, folder(tree, volume, seed))
        .run(tree, operations / 4);
    Optional<Entry> last = tree.lookup(tree.root(), name("volume", seed - 1));
    if (last.isPresent()) {
      InodeId old = last.get().id();
      snapshot(tree, old, seed - 1, true);
      new RandomFiles(random, new ModelTree(), block, folder(tree, old, seed))
          .run(tree, operations / 4);
    }
    for (String kind : List.of("volume", "snapshot", "later")) {
      if (tree.lookup(tree.root(), name(kind, seed - 2)).isPresent()) {
        delete(tree, name(kind, seed - 2));
      }
    }
    tree.cleanUp();
  }

  /** Unless somebody made subvolumes in it. */
  private static void delete(WritableTree tree, byte[] name) {
    try {
      tree.deleteSubvolume(tree.root(), name);
    } catch (PosixException e) {
      if (e.error() != PosixError.ENOTEMPTY) {
        throw e;
      }
    }
  }

  private static InodeId folder(WritableTree tree, InodeId in, long seed) {
    return tree.create(in, name("folder", seed), FOLDER).id();
  }

  private static void snapshot(WritableTree tree, InodeId of, long seed, boolean later) {
    byte[] name = name(later ? "later" : "snapshot", seed);
    tree.createSnapshot(of.subvolume(), tree.root(), name, later);
  }

  private static byte[] name(String kind, long seed) {
    return (kind + "-" + seed).getBytes(UTF_8);
  }
}
