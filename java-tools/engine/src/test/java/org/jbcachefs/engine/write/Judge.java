// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.CheckPasses;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;

/** Looks at what is on devices as somebody would who never wrote it: the reader and fsck -n. */
final class Judge {
  private Judge() {}

  /** What is wrong, a line each; nothing where all is well. */
  static List<String> findings(List<MemoryDevice> media, Path spill) {
    List<String> found = new ArrayList<>();
    ReadingFindings reading = new ReadingFindings();
    OpenOptions options = OpenOptions.defaults().withFindings(reading).withThreads(1);
    try (ReadFilesystem filesystem = ReadFilesystem.open(copies(media), options)) {
      readAll(filesystem.btrees());
      CheckOptions how = CheckOptions.defaults().withThreads(1).withSpill(spill);
      new Check(filesystem, reading, how, CheckPasses.all(), new Collector(found)).run();
    } catch (BcachefsException e) {
      found.add("refused: " + Finding.of(e).sentence());
    }
    return found;
  }

  /** The files as a reader sees them, from copies of the devices. */
  static Map<Integer, Integer> files(List<MemoryDevice> media) {
    try (ReadFilesystem filesystem = ReadFilesystem.open(copies(media), OpenOptions.defaults())) {
      Map<Integer, Integer> files = TinyFiles.read(filesystem.btrees());
      if (!TinyFiles.named(filesystem.btrees()).equals(new ArrayList<>(files.keySet()))) {
        throw new AssertionError("the names are not those of the files");
      }
      if (!TinyFiles.contentsAreRight(filesystem)) {
        throw new AssertionError("an extent holds something else than was written");
      }
      return files;
    }
  }

  /** Every key of every level of every btree, its node read. */
  static void readAll(Btrees btrees) {
    for (int btree : btrees.present()) {
      for (int level = 0; level <= btrees.rootLevel(btree); level++) {
        try (KeyIterator keys = btrees.iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
          Bpos last = null;
          while (keys.next()) {
            Bpos pos = keys.key().pos();
            if (last != null && last.compareTo(pos) >= 0) {
              throw new AssertionError("keys out of order at " + pos);
            }
            last = pos;
          }
        }
      }
    }
  }

  /** Keeps the devices as files for other judges, where {@code jbcachefs.simulator.kept} says. */
  static void keep(List<MemoryDevice> media, String name) {
    String directory = System.getProperty("jbcachefs.simulator.kept");
    if (directory == null) {
      return;
    }
    for (int i = 0; i < media.size(); i++) {
      MemoryDevice copy = media.get(i).copy(media.get(i).name());
      byte[] bytes = new byte[(int) copy.size()];
      copy.read(0, MemorySegment.ofArray(bytes));
      try {
        Files.write(Path.of(directory, name + "-" + i + ".img"), bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static List<BlockDevice> copies(List<MemoryDevice> media) {
    List<BlockDevice> copies = new ArrayList<>();
    media.forEach(device -> copies.add(device.copy(device.name())));
    return copies;
  }

  /** The same media as devices that are open. */
  static List<MemoryDevice> reopenable(List<MemoryDevice> media) {
    List<MemoryDevice> copies = new ArrayList<>();
    media.forEach(device -> copies.add(device.copy(device.name())));
    return copies;
  }

  private record Collector(List<String> found) implements CheckListener {
    @Override
    public synchronized void finding(CheckFinding finding) {
      found.add(finding.name() + ": " + finding.sentence());
    }
  }
}
