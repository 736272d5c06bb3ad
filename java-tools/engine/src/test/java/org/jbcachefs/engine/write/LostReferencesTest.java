// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairListener;
import org.jbcachefs.engine.repair.RepairOptions;
import org.jbcachefs.engine.repair.RepairRun;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.LostDataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lost references to shared extents of files with holes: they must not become holes as well. */
class LostReferencesTest {
  private static final int PART = 64 << 10;

  /** Where there is data, in parts; the others are holes. */
  private static final boolean[] DATA = {true, false, true, true, true, false, true};

  @TempDir Path spill;

  private final MemoryDevice device = new MemoryDevice("shared", 48 << 20);
  private final List<String> told = new ArrayList<>();
  private final List<String> edits = new ArrayList<>();
  private WritableFilesystem filesystem;
  private WritableTree tree;

  private void begin() {
    filesystem =
        SmallFilesystem.create(
            List.of(new LentDevice(device)), 16 << 10, SmallFilesystem.options(1));
    tree = new WritableTree(filesystem, _ -> {});
  }

  private InodeId make(String name) {
    return tree.create(tree.root(), name.getBytes(UTF_8), NewInode.of(0x8000 | 0644, 0, 0)).id();
  }

  private static byte[] part(int index) {
    byte[] bytes = new byte[PART];
    if (DATA[index]) {
      new Random(index).nextBytes(bytes);
    }
    return bytes;
  }

  /** A file with holes, and another one that shares all of it. */
  private InodeId makeClone() {
    InodeId file = make("file");
    for (int i = 0; i < DATA.length; i++) {
      if (DATA[i]) {
        tree.write(file, (long) i * PART, MemorySegment.ofArray(part(i)));
      }
    }
    tree.syncAll();
    InodeId clone = make("clone");
    tree.clone(file, 0, clone, 0, (long) DATA.length * PART);
    tree.syncAll();
    return clone;
  }

  /** Before the repair the references of that part are taken away. */
  private void lose(InodeId file, int part) {
    Bpos from = new Bpos(file.number(), (((long) part * PART) >> 9) + 1, 0);
    Bpos to = new Bpos(file.number(), ((long) (part + 1) * PART) >> 9, -1);
    int before = edits.size();
    try (KeyIterator keys = filesystem.btrees().iterate(BtreeId.EXTENTS.number(), from, to)) {
      while (keys.next()) {
        assertEquals(KeyType.REFLINK_P.number(), keys.key().type());
        assertTrue(keys.key().start() >= ((long) part * PART) >> 9);
        edits.add("delete extents " + keys.key().pos());
      }
    }
    assertTrue(edits.size() > before);
  }

  private void repair() {
    tree.close();
    filesystem.close();
    new ImageEditor(List.of(new LentDevice(device)), OpenOptions.defaults())
        .runAll(String.join("\n", edits));
    edits.clear();
    CheckOptions check = CheckOptions.defaults().withThreads(1).withSpill(spill);
    RepairOptions options = new RepairOptions(SmallFilesystem.options(2), check);
    assertTrue(
        new RepairRun(List.of(new LentDevice(device)), options, new Listener()).run().isClean());
    assertEquals(List.of(), Judge.findings(List.of(device), spill));
    filesystem =
        WritableFilesystem.open(List.of(new LentDevice(device)), SmallFilesystem.options(3));
    tree = new WritableTree(filesystem, _ -> {});
  }

  private void readsAsItWas(InodeId file, int part) {
    byte[] bytes = new byte[PART];
    assertEquals(PART, tree.read(file, (long) part * PART, MemorySegment.ofArray(bytes)));
    assertTrue(Arrays.equals(part(part), bytes), () -> "part " + part);
  }

  private void isLost(InodeId file, int part) {
    MemorySegment into = MemorySegment.ofArray(new byte[PART]);
    assertThrows(LostDataException.class, () -> tree.read(file, (long) part * PART, into));
  }

  private void end() {
    tree.close();
    filesystem.close();
  }

  @Test
  void whatOthersThatShareItSayIsLostExactlyThere() {
    for (int lost : new int[] {0, 2, 3, 4, 6}) {
      begin();
      InodeId clone = makeClone();
      lose(clone, lost);
      repair();
      for (int i = 0; i < DATA.length; i++) {
        if (i == lost) {
          isLost(clone, i);
        } else {
          readsAsItWas(clone, i);
        }
      }
      List<String> files =
          told.stream().map(one -> one.substring(0, one.indexOf(':'))).distinct().toList();
      assertEquals(List.of(Long.toString(clone.number())), files);
      told.clear();
      end();
    }
  }

  @Test
  void severalAreFoundTogether() {
    begin();
    InodeId clone = makeClone();
    lose(clone, 0);
    lose(clone, 3);
    repair();
    isLost(clone, 0);
    isLost(clone, 3);
    for (int i : new int[] {1, 2, 4, 5, 6}) {
      readsAsItWas(clone, i);
    }
    end();
  }

  /** Of extents that nobody else shares the file's own references say where they were. */
  @Test
  void whatNobodyElseSharesIsFoundByWhatIsAroundIt() {
    begin();
    InodeId clone = makeClone();
    tree.unlink(tree.root(), "file".getBytes(UTF_8));
    tree.syncAll();
    lose(clone, 3);
    repair();
    isLost(clone, 3);
    for (int i : new int[] {0, 1, 2, 4, 5, 6}) {
      readsAsItWas(clone, i);
    }
    end();
  }

  @Test
  void theOtherFileIsNotTouched() {
    begin();
    InodeId clone = makeClone();
    InodeId file = tree.lookup(tree.root(), "file".getBytes(UTF_8)).orElseThrow().id();
    lose(clone, 2);
    repair();
    for (int i = 0; i < DATA.length; i++) {
      readsAsItWas(file, i);
    }
    end();
  }

  private final class Listener implements RepairListener {
    @Override
    public CheckListener checking(int round, ReadFilesystem read) {
      return new CheckListener() {
        @Override
        public void finding(CheckFinding finding) {}
      };
    }

    @Override
    public boolean accept(CheckFinding finding, Repair repair) {
      return true;
    }

    @Override
    public void repairing(Repair repair, List<CheckFinding> findings) {}

    @Override
    public void lost(long inode, int snapshot, long start, long end) {
      told.add(inode + ":" + start + "-" + end);
    }
  }
}
