// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several threads write to files, each to one of its own and to one that all share. */
class ParallelFilesTest {
  private static final NewInode FILE = NewInode.of(0x8000 | 0644, 0, 0);
  private static final int THREADS = 4;
  private static final int OPERATIONS = 250;
  private static final int SIZE_MOST = 200_000;
  private static final int BLOCK = 4096;
  private static final int SLICE = 64 * BLOCK;

  @TempDir Path spill;

  private WritableFilesystem filesystem;
  private WritableTree tree;
  private InodeId shared;

  @Test
  void eachSeesWhatItWroteWhileSnapshotsComeAndGo() throws Exception {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 128L << 20)));
    filesystem = SmallFilesystem.create(media, 32 << 10, SmallFilesystem.options(3));
    tree = new WritableTree(filesystem, _ -> {});
    shared = tree.create(tree.root(), "shared".getBytes(UTF_8), FILE).id();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      tasks.add(() -> writeAndRead(number));
    }
    tasks.add(this::makeSnapshots);
    try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(media, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill), "after it was closed");
  }

  @Test
  void manyWriteBlocksOfOneFile() throws Exception {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 128L << 20)));
    filesystem = SmallFilesystem.create(media, 32 << 10, SmallFilesystem.options(4));
    tree = new WritableTree(filesystem, _ -> {});
    shared = tree.create(tree.root(), "shared".getBytes(UTF_8), FILE).id();
    byte[] model = new byte[2 * THREADS * SLICE];
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < 2 * THREADS; i++) {
      int number = i;
      tasks.add(() -> writeSlice(number, model));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
    byte[] found = new byte[model.length];
    assertEquals(model.length, tree.read(shared, 0, MemorySegment.ofArray(found)));
    assertArrayEquals(model, found);
    tree.syncAll();
    assertEquals(List.of(), Judge.findings(media, spill), "while it is open");
    tree.close();
    filesystem.close();
    assertEquals(List.of(), Judge.findings(media, spill), "after it was closed");
  }

  /** Blocks of a slice of its own, several times over, in native memory as requests are. */
  private Void writeSlice(int number, byte[] model) {
    Random random = new Random(number);
    int from = number * SLICE;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(4 * BLOCK, BLOCK);
      for (int i = 0; i < OPERATIONS; i++) {
        int at = i == 0 ? SLICE - 4 * BLOCK : BLOCK * random.nextInt(SLICE / BLOCK - 3);
        int length = BLOCK * (1 + random.nextInt(4));
        length = i == 0 ? 4 * BLOCK : length;
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, length);
        System.arraycopy(bytes, 0, model, from + at, length);
        assertEquals(length, tree.write(shared, from + at, data.asSlice(0, length)));
      }
    }
    return null;
  }

  private Void writeAndRead(int number) {
    Random random = new Random(number);
    InodeId own = tree.create(tree.root(), ("own" + number).getBytes(UTF_8), FILE).id();
    byte[] model = {};
    for (int i = 0; i < OPERATIONS; i++) {
      switch (random.nextInt(6)) {
        case 0, 1 -> model = write(own, model, random);
        case 2 -> {
          int size = random.nextInt(SIZE_MOST);
          tree.setAttributes(own, AttributeChange.NONE.withSize(size));
          model = Arrays.copyOf(model, size);
        }
        case 3 -> {
          byte[] found = new byte[model.length];
          tree.read(own, 0, MemorySegment.ofArray(found));
          assertArrayEquals(model, found, "file of thread " + number);
        }
        case 4 -> {
          byte[] block = new byte[BLOCK];
          Arrays.fill(block, (byte) (number + 1));
          tree.write(shared, (long) BLOCK * random.nextInt(20), MemorySegment.ofArray(block));
        }
        default -> readShared(random);
      }
    }
    tree.sync(own);
    return null;
  }

  private byte[] write(InodeId own, byte[] model, Random random) {
    byte[] data = new byte[1 + random.nextInt(40_000)];
    random.nextBytes(data);
    int offset = random.nextInt(SIZE_MOST - data.length);
    assertEquals(data.length, tree.write(own, offset, MemorySegment.ofArray(data)));
    byte[] now = Arrays.copyOf(model, Math.max(model.length, offset + data.length));
    System.arraycopy(data, 0, now, offset, data.length);
    return now;
  }

  /** A block that somebody wrote as a whole is never seen in part. */
  private void readShared(Random random) {
    byte[] block = new byte[BLOCK];
    int read = tree.read(shared, (long) BLOCK * random.nextInt(20), MemorySegment.ofArray(block));
    for (int i = 1; i < read; i++) {
      assertEquals(block[0], block[i], "a block of what two wrote");
    }
  }

  private Void makeSnapshots() {
    for (int i = 0; i < 8; i++) {
      byte[] name = ("snapshot" + i).getBytes(UTF_8);
      tree.createSnapshot(tree.root().subvolume(), tree.root(), name, true);
      filesystem.tick();
      tree.deleteSubvolume(tree.root(), name);
      tree.cleanUp();
    }
    return null;
  }
}
