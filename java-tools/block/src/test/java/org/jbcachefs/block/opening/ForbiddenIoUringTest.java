// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.opening;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.IoFlags;
import org.jbcachefs.block.IoQueue;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.format.error.BcachefsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where io_uring is forbidden, devices are opened plainly, which is said in one sentence. Each test
 * is a JVM of its own under a filter of system calls (jni/tests/without_io_uring.c).
 */
class ForbiddenIoUringTest {
  private static final int SKIPPED = 77;
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;

  @TempDir Path directory;

  /** What the JVM under the filter does: many writes and reads by a queue, and tells of it. */
  static final class Child {
    private Child() {}

    public static void main(String[] words) {
      DeviceOpener opener =
          new DeviceOpener(IoMode.of(words[0]).orElseThrow(), System.out::println);
      try (BlockDevice device = opener.openReadWrite(Path.of(words[1]));
          Arena arena = Arena.ofShared();
          IoQueue queue = IoQueue.over(List.of(device), BLOCKS)) {
        MemorySegment out = arena.allocate((long) BLOCKS * BLOCK, BLOCK);
        MemorySegment in = arena.allocate((long) BLOCKS * BLOCK, BLOCK);
        for (int i = 0; i < BLOCKS; i++) {
          MemorySegment block = out.asSlice((long) i * BLOCK, BLOCK);
          block.fill((byte) (i + 1));
          queue.write(device, (long) i * BLOCK, block, IoFlags.FUA, i);
        }
        queue.finish();
        for (int i = 0; i < BLOCKS; i++) {
          long at = (long) i * BLOCK;
          queue.read(device, at, in.asSlice(at, BLOCK), IoFlags.NONE, i);
        }
        queue.finish();
        System.out.println(in.mismatch(out) < 0 ? "right" : "wrong");
      } catch (BcachefsException e) {
        System.out.println(e.sentence());
      }
    }
  }

  private List<String> run(int errno, IoMode mode) throws IOException, InterruptedException {
    NativeCode.require();
    Path library = Path.of(System.getProperty(NativeLibrary.PROPERTY, ""));
    Path filter = library.resolve("without-io-uring");
    assumeTrue(Files.isExecutable(filter), "without-io-uring is not built");
    Path image = directory.resolve("image");
    Files.deleteIfExists(image);
    FileBlockDevice.create(image, (long) BLOCKS * BLOCK).close();
    Process process =
        new ProcessBuilder(
                filter.toString(),
                Integer.toString(errno),
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-D" + NativeLibrary.PROPERTY + "=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                mode.toString(),
                image.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    assumeTrue(status != SKIPPED, output);
    assertEquals(0, status, output);
    if (mode != IoMode.URING) {
      assertWritten(image);
    }
    return output.lines().toList();
  }

  private static void assertWritten(Path image) {
    try (BlockDevice device = FileBlockDevice.openReadOnly(image)) {
      MemorySegment last = Arena.ofAuto().allocate(BLOCK);
      device.read((long) (BLOCKS - 1) * BLOCK, last);
      assertEquals(BLOCKS, last.get(ValueLayout.JAVA_BYTE, BLOCK - 1));
    }
  }

  private void autoIsPlainAfterOneSentence(int errno, String why) throws Exception {
    List<String> output = run(errno, IoMode.AUTO);
    assertEquals(3, output.size(), output.toString());
    assertTrue(output.get(0).startsWith("io_uring: is not to be had: " + why), output.toString());
    assertTrue(output.get(0).endsWith("; doing without it"), output.toString());
    assertTrue(output.get(1).endsWith("image: opened: plain"), output.toString());
    assertEquals("right", output.get(2));
  }

  @Test
  void whereItIsDisabledAutoIsPlain() throws Exception {
    autoIsPlainAfterOneSentence(
        Errno.EPERM, "operation not permitted (sysctl kernel.io_uring_disabled, or seccomp)");
  }

  @Test
  void whereTheKernelHasNoneAutoIsPlain() throws Exception {
    autoIsPlainAfterOneSentence(Errno.ENOSYS, "function not implemented");
  }

  @Test
  void whoInsistsOnItIsRefusedInASentence() throws Exception {
    List<String> output = run(Errno.EPERM, IoMode.URING);
    assertEquals(1, output.size(), output.toString());
    assertTrue(output.getFirst().startsWith("io_uring: is not to be had: "), output.toString());
  }
}
