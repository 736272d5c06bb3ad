// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.NativeCode;
import org.jbcachefs.cli.CommandRunner;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a mount makes of the kernel module's news of its device: in the guest of shim-java. */
@Timeout(300)
class ShimMountTest {
  private static final byte[] BEFORE = "written before\n".getBytes(StandardCharsets.UTF_8);

  private static final String REFUSES = " refuses writes: read-only from now on";

  /** Where a mount in the foreground logs to. */
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();

  private final PrintStream before = System.err;

  @TempDir Path folder;

  @BeforeEach
  void listen() {
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void listenNoMore() {
    System.setErr(before);
  }

  @BeforeAll
  static void requireTheModule() {
    NativeCode.require();
    Assumptions.assumeTrue(ShimNode.isPresent(), "the module jbcachefs_shim is not loaded");
    Assumptions.assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
  }

  @Test
  void aDeviceThatRefusesWritesEndsAllChangingAndNothingIsLost() throws Exception {
    Path image = folder.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(64 << 20);
    }
    String loop = busybox("losetup", "-f").strip();
    busybox("losetup", loop, image.toString());
    try {
      run("format", "-q", loop);
      Path directory = Files.createDirectory(folder.resolve("mounted"));
      CompletableFuture<Integer> mount =
          CompletableFuture.supplyAsync(() ->
              CommandRunner.run(
                  new Outside(),
                  List.of("mount", "--io=shim", "--foreground", loop, directory.toString())));
      await(() -> Files.exists(directory.resolve("lost+found")));
      writeDurably(directory.resolve("before"));
      busybox("blockdev", "--setro", loop);
      await(() -> log.toString(StandardCharsets.UTF_8).contains(REFUSES));
      IOException refused =
          assertThrows(IOException.class, () -> Files.createDirectory(directory.resolve("after")));
      assertTrue(refused.getMessage().contains("Read-only file system"), refused::toString);
      assertArrayEquals(BEFORE, Files.readAllBytes(directory.resolve("before")));
      busybox("blockdev", "--setrw", loop);
      run("umount", directory.toString());
      mount.get(60, TimeUnit.SECONDS);
      run("fsck", "-n", loop);
      assertEquals("written before\n", run("cat", loop, "/before"));
    } finally {
      busybox("losetup", "-d", loop);
    }
  }

  private static void writeDurably(Path file) throws IOException {
    Files.write(file, BEFORE);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int tenths = 0; tenths < 600 && !condition.getAsBoolean(); tenths++) {
      Thread.sleep(100);
    }
    assertTrue(condition.getAsBoolean(), "it did not happen within a minute");
  }

  private static String run(String... words) {
    Outside outside = new Outside();
    assertEquals(0, CommandRunner.run(outside, List.of(words)), outside::err);
    return outside.out();
  }

  private static String busybox(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("/bin/busybox"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }
}
