// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Qcow2Test {
  private static final long SIZE = (3L << 30) + 512;
  private static final long SEED = 42;

  @TempDir private Path folder;

  private final TreeMap<Long, byte[]> pieces = new TreeMap<>();

  /** Pieces of all lengths, some across clusters and tables, one at each end. */
  private Path written() {
    Random random = new Random(SEED);
    long at = 0;
    while (at < SIZE) {
      byte[] piece = new byte[(int) Math.min(SIZE - at, 1 + random.nextInt(200_000))];
      random.nextBytes(piece);
      pieces.put(at, piece);
      at += piece.length + (random.nextInt(4) == 0 ? 0 : random.nextLong(400L << 20));
    }
    pieces.put(SIZE - 512, new byte[512]);
    byte[] last = pieces.lastEntry().getValue();
    random.nextBytes(last);
    Path path = folder.resolve("image.qcow2");
    try (Qcow2Writer writer = new Qcow2Writer(path, SIZE, false)) {
      long end = 0;
      for (var piece : pieces.entrySet()) {
        if (piece.getKey() < end) {
          continue;
        }
        writer.write(piece.getKey(), MemorySegment.ofArray(piece.getValue()));
        end = piece.getKey() + piece.getValue().length;
      }
      writer.finish();
      assertTrue(writer.fileBytes() < 200 << 20, "it is sparse");
    }
    return path;
  }

  private static Qcow2Device open(Path path) {
    return new Qcow2Device(FileBlockDevice.openReadOnly(path));
  }

  private void assertHoldsThePieces(Path path) {
    try (Qcow2Device image = open(path)) {
      assertEquals(SIZE, image.size());
      long end = 0;
      for (var piece : pieces.entrySet()) {
        if (piece.getKey() >= end) {
          byte[] read = new byte[piece.getValue().length];
          image.read(piece.getKey(), MemorySegment.ofArray(read));
          assertArrayEquals(piece.getValue(), read, "seed " + SEED + ", at " + piece.getKey());
          end = piece.getKey() + read.length;
        }
      }
    }
  }

  @Test
  void whatIsWrittenIsReadAndTheRestIsZeros() {
    Path path = written();
    assertHoldsThePieces(path);
    try (Qcow2Device image = open(path)) {
      byte[] gap = new byte[4096];
      long behind = pieces.firstKey() + pieces.firstEntry().getValue().length;
      long before = pieces.higherKey(pieces.firstKey());
      image.read(behind, MemorySegment.ofArray(gap).asSlice(0, Math.min(4096, before - behind)));
      assertArrayEquals(new byte[4096], gap);
      long held = 0;
      for (long at = image.nextHeld(0); at < SIZE; at = image.nextHeld(at + (1 << 16))) {
        held++;
      }
      assertTrue(held > 10 && held < 3000, held + " clusters");
    }
  }

  @Test
  void qemuFindsNothingWrongAndReadsTheSame() throws IOException, InterruptedException {
    assumeTrue(qemuImg("--version") == 0, "qemu-img is not installed");
    Path path = written();
    assertEquals(0, qemuImg("check", path.toString()));
    Path again = folder.resolve("again.qcow2");
    for (String compat : new String[] {"0.10", "1.1"}) {
      String options = "compat=" + compat + ",cluster_size=4096";
      assertEquals(
          0,
          qemuImg(
              "convert", "-c", "-O", "qcow2", "-o", options, path.toString(), again.toString()));
      assertHoldsThePieces(again);
    }
  }

  private static int qemuImg(String... words) throws IOException, InterruptedException {
    String[] all = new String[words.length + 1];
    all[0] = "qemu-img";
    System.arraycopy(words, 0, all, 1, words.length);
    try {
      Process process =
          new ProcessBuilder(all)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      return process.exitValue();
    } catch (IOException e) {
      return -1;
    }
  }

  @Test
  void anExistingFileIsReplacedOnlyWhenAsked() throws IOException {
    Path path = Files.writeString(folder.resolve("there"), "something");
    assertThrows(DeviceException.class, () -> new Qcow2Writer(path, 4096, false));
    new Qcow2Writer(path, 4096, true).close();
    assertThrows(RefusedException.class, () -> open(path).close());
  }

  @Test
  void damagedImagesAreRefusedOrReadNothingMore() throws IOException {
    Path path = folder.resolve("small.qcow2");
    byte[] piece = new byte[70_000];
    new Random(SEED).nextBytes(piece);
    try (Qcow2Writer writer = new Qcow2Writer(path, 1 << 20, false)) {
      writer.write(4096, MemorySegment.ofArray(piece));
      writer.finish();
    }
    byte[] good = Files.readAllBytes(path);
    Random random = new Random(SEED);
    for (int round = 0; round < 400; round++) {
      byte[] bad = good.clone();
      int at = random.nextInt(2) == 0 ? random.nextInt(112) : random.nextInt(bad.length);
      ByteBuffer.wrap(bad).put(at, (byte) random.nextInt());
      Files.write(path, bad);
      String what = "seed " + SEED + " round " + round;
      try (Qcow2Device image = open(path)) {
        if (image.size() <= 1 << 20) {
          image.read(0, MemorySegment.ofArray(new byte[(int) image.size()]));
          assertTrue(image.nextHeld(0) <= image.size(), what);
        }
      } catch (BcachefsException e) {
        assertTrue(!e.getMessage().isEmpty(), what);
      }
    }
  }
}
