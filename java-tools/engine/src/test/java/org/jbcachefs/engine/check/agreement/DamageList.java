// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;

/**
 * A program that says how to damage a filesystem, for stages that do so by the command edit:
 *
 * <pre>DamageList SEED_BASE SEEDS IMAGE...</pre>
 *
 * <p>It prints a line for each seed, with statements that are separated by tabs.
 */
final class DamageList {
  private static final int IMAGES = 2;

  private DamageList() {}

  public static void main(String[] words) {
    List<Path> images = new ArrayList<>();
    for (int i = IMAGES; i < words.length; i++) {
      images.add(Path.of(words[i]));
    }
    Inventory inventory = new Inventory(() -> open(images), null);
    long base = Long.parseLong(words[0]);
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    for (long seed = base; seed < base + Long.parseLong(words[1]); seed++) {
      out.println(String.join("\t", RandomDamage.of(inventory, seed)));
    }
  }

  private static List<BlockDevice> open(List<Path> images) {
    List<BlockDevice> devices = new ArrayList<>();
    images.forEach(image -> devices.add(FileBlockDevice.openReadOnly(image)));
    return devices;
  }
}
