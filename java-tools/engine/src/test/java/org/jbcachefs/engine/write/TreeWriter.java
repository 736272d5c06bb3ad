// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;

/**
 * A program that does random things to the files of filesystems that have none yet. For each line
 * {@code SEED OPERATIONS clean|cut IMAGE...} of its standard input it fills one; "clean" closes it,
 * "cut" stops in the midst of work, so that its journal must be replayed. For stages that let a
 * kernel judge. Without operations a filesystem may have files: it is opened for writing and
 * closed.
 */
final class TreeWriter {
  private static final int IMAGES = 3;

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
    boolean clean = words[2].equals("clean");
    List<BlockDevice> devices = new ArrayList<>();
    for (int i = IMAGES; i < words.length; i++) {
      devices.add(FileBlockDevice.openReadWrite(Path.of(words[i])));
    }
    WritableFilesystem filesystem = WritableFilesystem.open(devices, WriteOptions.defaults());
    WritableTree tree = new WritableTree(filesystem, _ -> {});
    int block = filesystem.superblock().blockBytes();
    RandomFiles files = new RandomFiles(new Random(seed), new ModelTree(), block);
    files.run(tree, operations);
    if (clean) {
      tree.close();
      filesystem.close();
    } else {
      tree.syncAll();
      files.run(tree, operations / 10);
      filesystem.abandon();
    }
  }
}
