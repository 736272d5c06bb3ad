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
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.Entry;
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

/**
 * Lost references to shared extents of files with holes: they must not become holes as well, and
 * what was a hole stays one as far as it is known.
 */
class LostReferencesTest {
  private static final int PART = 64 << 10;

  /** Where there is data, in parts; the others are holes. */
  private static final boolean[] DATA = {true, false, true, true, true, false, true};

  /** Parts that are data, one after the other. */
  private static final int[] SOURCE = {0, 2, 3, 4, 6, 0};

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

  /** A file that is shared in parts. */
  private InodeId makeSource() {
    InodeId source = make("source");
    for (int i = 0; i < SOURCE.length; i++) {
      tree.write(source, (long) i * PART, MemorySegment.ofArray(part(SOURCE[i])));
    }
    tree.syncAll();
    return source;
  }

  /** Before the repair the references of that part are taken away. */
  private void lose(InodeId file, int part) {
    lose(file, (long) part * PART, PART);
  }

  private void lose(InodeId file, long offset, long length) {
    Bpos from = new Bpos(file.number(), (offset >> 9) + 1, 0);
    Bpos to = new Bpos(file.number(), (offset + length) >> 9, -1);
    int before = edits.size();
    try (KeyIterator keys = filesystem.btrees().iterate(BtreeId.EXTENTS.number(), from, to)) {
      while (keys.next()) {
        assertEquals(KeyType.REFLINK_P.number(), keys.key().type());
        assertTrue(keys.key().start() >= offset >> 9);
        edits.add("delete extents " + keys.key().pos());
      }
    }
    assertTrue(edits.size() > before);
  }

  private void remove(String name) {
    tree.unlink(tree.root(), name.getBytes(UTF_8));
    tree.syncAll();
  }

  private void punch(InodeId file, long offset, long length) {
    tree.allocate(file, AllocateMode.PUNCH_HOLE, offset, length);
    tree.syncAll();
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
    readsAs(part(part), file, part);
  }

  private void isLost(InodeId file, int part) {
    isLost(file, (long) part * PART, PART);
  }

  private void isLost(InodeId file, long offset, int length) {
    MemorySegment into = MemorySegment.ofArray(new byte[length]);
    assertThrows(LostDataException.class, () -> tree.read(file, offset, into));
  }

  private void readsAs(byte[] bytes, InodeId file, int part) {
    byte[] read = new byte[PART];
    assertEquals(PART, tree.read(file, (long) part * PART, MemorySegment.ofArray(read)));
    assertTrue(Arrays.equals(bytes, read), () -> "part " + part);
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
      assertEquals(List.of(Long.toString(clone.number())), filesTold());
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
    remove("file");
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

  /** Where there were holes between lost references, all from the one left to the next is lost. */
  @Test
  void holesAmongLostReferencesAreLostWithThem() {
    begin();
    InodeId source = makeSource();
    InodeId mixed = make("mixed");
    for (int i = 0; i < 6; i++) {
      tree.clone(source, (long) i * PART, mixed, 2L * i * PART, PART);
    }
    tree.syncAll();
    lose(mixed, 4);
    lose(mixed, 6);
    repair();
    for (int i = 3; i < 8; i++) {
      isLost(mixed, i);
    }
    for (int i : new int[] {0, 1, 2, 8, 9, 10}) {
      readsAs(i % 2 == 0 ? part(SOURCE[i / 2]) : new byte[PART], mixed, i);
    }
    for (int i = 0; i < 6; i++) {
      readsAs(part(SOURCE[i]), source, i);
    }
    end();
  }

  /** The same was shared twice by one file: one of them was taken out, and the other is lost. */
  @Test
  void whatFitsInSeveralHolesIsLostInEachOfThem() {
    begin();
    InodeId clone = makeClone();
    InodeId file = tree.lookup(tree.root(), "file".getBytes(UTF_8)).orElseThrow().id();
    tree.clone(file, 0, clone, (long) DATA.length * PART, (long) DATA.length * PART);
    punch(clone, 3L * PART, PART);
    lose(clone, DATA.length + 3);
    repair();
    for (int i = 0; i < DATA.length; i++) {
      if (i == 3) {
        isLost(clone, i);
        isLost(clone, DATA.length + i);
      } else {
        readsAsItWas(clone, i);
        readsAs(part(i), clone, DATA.length + i);
      }
      readsAsItWas(file, i);
    }
    end();
  }

  /** Beside a hole at the begin or the end nobody knows where in both of them it was. */
  @Test
  void whatIsLostBesideAHoleIsLostWithIt() {
    for (int lost : new int[] {0, 6}) {
      begin();
      InodeId clone = makeClone();
      remove("file");
      lose(clone, lost);
      repair();
      for (int i = 0; i < DATA.length; i++) {
        if (i == lost || i == Math.abs(lost - 1)) {
          isLost(clone, i);
        } else {
          readsAsItWas(clone, i);
        }
      }
      end();
    }
  }

  /** Part of what was shared was taken out: less is missing than what the others say was there. */
  @Test
  void lessThanThereIsRoomForIsLostAnywhereInIt() {
    begin();
    InodeId clone = makeClone();
    punch(clone, 3L * PART, PART / 2);
    lose(clone, 3L * PART + PART / 2, PART / 2);
    repair();
    isLost(clone, 3L * PART + PART / 2, PART / 2);
    for (int i : new int[] {0, 1, 2, 4, 5, 6}) {
      readsAsItWas(clone, i);
    }
    end();
  }

  /** What is left leads elsewhere: it may have been in any hole beside that. */
  @Test
  void whatNothingIsNearToIsLostInHolesBesideReferences() {
    begin();
    InodeId source = makeSource();
    InodeId mixed = make("mixed");
    tree.clone(source, 0, mixed, 2L * PART, 2L * PART);
    tree.clone(source, 2L * PART, make("between"), 0, PART);
    tree.clone(source, 5L * PART, mixed, 0, PART);
    tree.write(mixed, 5L * PART, MemorySegment.ofArray(part(2)));
    tree.write(mixed, 7L * PART, MemorySegment.ofArray(part(3)));
    tree.syncAll();
    lose(mixed, 0);
    repair();
    for (int i : new int[] {0, 1, 4}) {
      isLost(mixed, i);
    }
    readsAs(part(SOURCE[0]), mixed, 2);
    readsAs(part(SOURCE[1]), mixed, 3);
    readsAs(part(2), mixed, 5);
    readsAs(new byte[PART], mixed, 6);
    readsAs(part(3), mixed, 7);
    end();
  }

  @Test
  void aFileWithNothingLeftOfWhatItCountsIsLost() {
    begin();
    InodeId source = makeSource();
    InodeId mixed = make("mixed");
    tree.clone(source, 5L * PART, mixed, 0, PART);
    tree.write(mixed, 2L * PART, MemorySegment.ofArray(part(0)));
    tree.syncAll();
    punch(mixed, 2L * PART, PART);
    lose(mixed, 0);
    repair();
    for (int i = 0; i < 3; i++) {
      isLost(mixed, i);
    }
    end();
  }

  /** It has a hole where references of another file are lost, and all that it counts. */
  @Test
  void aFileThatHasWhatItCountsIsLeftAlone() {
    begin();
    InodeId clone = makeClone();
    InodeId other = make("other");
    tree.clone(clone, 0, other, 0, (long) DATA.length * PART);
    punch(other, 3L * PART, PART);
    lose(clone, 3);
    repair();
    isLost(clone, 3);
    for (int i = 0; i < DATA.length; i++) {
      readsAs(i == 3 ? new byte[PART] : part(i), other, i);
    }
    assertEquals(List.of(Long.toString(clone.number())), filesTold());
    end();
  }

  /** What may have been a hole always is one of a snapshot below too, and nothing is lost there. */
  @Test
  void aSnapshotBelowThatHasWhatItCountsIsLeftAlone() {
    begin();
    InodeId clone = makeClone();
    remove("file");
    lose(clone, 0);
    byte[] name = "snapshot".getBytes(UTF_8);
    Entry snapshot = tree.createSnapshot(clone.subvolume(), tree.root(), name, false);
    tree.write(clone, 0, MemorySegment.ofArray(part(0)));
    tree.syncAll();
    repair();
    InodeId above = new InodeId(snapshot.id().subvolume(), clone.number());
    for (int i = 0; i < DATA.length; i++) {
      if (i < 2) {
        isLost(above, i);
      } else {
        readsAsItWas(above, i);
      }
      readsAsItWas(clone, i);
    }
    end();
  }

  /** No shared extent lacks a reference: a count of sectors alone says nothing of where. */
  @Test
  void countedSectorsAloneLoseNothing() {
    begin();
    InodeId clone = makeClone();
    punch(clone, 3L * PART, PART);
    edits.add("set inodes 0:" + clone.number() + ":U32_MAX bi_sectors+=" + (PART >> 9));
    repair();
    for (int i = 0; i < DATA.length; i++) {
      readsAs(i == 3 ? new byte[PART] : part(i), clone, i);
    }
    assertEquals(List.of(), filesTold());
    end();
  }

  private List<String> filesTold() {
    return told.stream().map(one -> one.substring(0, one.indexOf(':'))).distinct().toList();
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
