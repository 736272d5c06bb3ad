// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every file of every golden filesystem has the content and the holes that the kernel saw. */
class ReadGoldenDataTest {
  private static final int STEP = 1 << 20;

  /** Keeps what nobody may have left there: bytes that are not zero. */
  private static final MemorySegment BUFFER = Arena.ofAuto().allocate(STEP, 4096);

  /** Not a multiple of anything, so that reads begin and end within blocks and extents. */
  private static final int ODD_STEP = 100_003;

  static List<String> names() {
    return GoldenImages.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyFileReadsAsTheKernelSawIt(String image) throws NoSuchAlgorithmException {
    try (GoldenData golden = GoldenData.open(image)) {
      List<Manifest.File> files = Manifest.files(image);
      assertTrue(files.size() > 1, "only " + files.size() + " files");
      for (Manifest.File file : files) {
        FileId id = golden.find(file.path());
        assertEquals(segments(file.segments()), segments(golden.data, id, file), file.text());
        if (file.sha256() != null) {
          assertEquals(file.sha256(), hash(golden.data, id, file, STEP), file.text());
          if (file.size() < 4L * STEP) {
            assertEquals(file.sha256(), hash(golden.data, id, file, ODD_STEP), file.text());
          }
        } else {
          assertEquals(file.segmentsSha256(), segmentHash(golden.data, id, file), file.text());
        }
      }
      assertEquals(List.of(), golden.findings);
    }
  }

  private static List<List<Long>> segments(List<long[]> segments) {
    return segments.stream().map(pair -> List.of(pair[0], pair[1])).toList();
  }

  private static List<List<Long>> segments(FileData data, FileId id, Manifest.File file) {
    List<List<Long>> found = new ArrayList<>();
    long at = data.nextData(id, 0);
    while (at >= 0) {
      long end = data.nextHole(id, at);
      found.add(List.of(at, end));
      at = end < file.size() ? data.nextData(id, end) : -1;
    }
    return found;
  }

  static String hash(FileData data, FileId id, Manifest.File file, int step)
      throws NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    long end = feed(sha256, data, id, 0, Long.MAX_VALUE, step);
    assertEquals(file.size(), end, file.text());
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static String segmentHash(FileData data, FileId id, Manifest.File file)
      throws NoSuchAlgorithmException {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    for (long[] segment : file.segments()) {
      ByteBuffer head = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      head.putLong(segment[0]).putLong(segment[1] - segment[0]);
      sha256.update(head.flip());
      feed(sha256, data, id, segment[0], segment[1], STEP);
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static long feed(
      MessageDigest digest, FileData data, FileId id, long from, long to, int step) {
    long at = from;
    while (at < to) {
      MemorySegment part = BUFFER.asSlice(0, Math.min(step, to - at));
      int read = data.read(id, at, part);
      if (read == 0) {
        break;
      }
      digest.update(part.asSlice(0, read).asByteBuffer());
      part.asSlice(0, read).fill((byte) 0xa5);
      at += read;
    }
    return at;
  }
}
