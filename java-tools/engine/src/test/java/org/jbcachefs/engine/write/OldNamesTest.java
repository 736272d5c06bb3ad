// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.RepairNotes;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.engine.testing.TreeManifest;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.value.Dirent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files whose directory entries are lost have their last names in lost+found. */
class OldNamesTest {
  private static final Pattern PATH = Pattern.compile("\"path\": \"([^\"]*)\"");
  private static final int FILES = 5;

  @TempDir private static Path spill;

  @Test
  void namesThatTheJournalHasAreFoundAgain() {
    assertEquals(
        Set.of("file-0", "file-2", "file-3", "file-4", "lost+found", "lost+found/file-1"),
        repaired());
  }

  /** Paths after the entry of a file was lost and that repaired. */
  private static Set<String> repaired() {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    try (WritableFilesystem filesystem =
        SmallFilesystem.create(media, 16 << 10, SmallFilesystem.options(1))) {
      TinyFiles files = new TinyFiles(filesystem);
      for (int file = 0; file < FILES; file++) {
        files.create(file, 1);
      }
      Bpos entry = entry(filesystem, TinyFiles.number(1));
      filesystem.transact(
          "lose",
          transaction -> {
            transaction.delete(BtreeId.DIRENTS, entry);
            return null;
          });
    }
    List<MemoryDevice> damaged = Judge.reopenable(media);
    RepairOptions options =
        new RepairOptions(SmallFilesystem.options(2), CheckOptions.defaults().withSpill(spill));
    RepairNotes notes = new RepairNotes();
    assertTrue(
        new RepairRun(List.copyOf(damaged), options, notes).run().isClean(), notes::toString);
    return paths(Judge.reopenable(damaged));
  }

  private static Bpos entry(WritableFilesystem filesystem, long inode) {
    try (KeyIterator keys =
        filesystem.btrees().iterate(BtreeId.DIRENTS.number(), Bpos.MIN, Bpos.MAX)) {
      while (keys.next()) {
        if (Dirent.target(keys.key()) == inode) {
          return keys.key().pos();
        }
      }
    }
    throw new AssertionError("no entry");
  }

  private static Set<String> paths(List<MemoryDevice> media) {
    Set<String> paths = new TreeSet<>();
    try (ReadFilesystem filesystem =
        ReadFilesystem.open(Judge.copies(media), OpenOptions.defaults())) {
      for (String line :
          TreeManifest.of(
              filesystem.namespace(), filesystem.data(), filesystem.namespace().root())) {
        Matcher path = PATH.matcher(line);
        assertTrue(path.find(), line);
        paths.add(path.group(1));
      }
    }
    return paths;
  }
}
