// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.testing.NativeCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Needs the module; runs in the guest of tests/vm/shim-java. */
@Timeout(120)
class ShimControlTest {
  private static final UUID FILESYSTEM = UUID.fromString("2f1d34c5-0000-4000-8000-00000000abcd");
  private static final UUID OTHER = UUID.fromString("2f1d34c5-0000-4000-8000-00000000abce");

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private ShimNode admin;
  private ShimDaemon daemon;

  @BeforeAll
  static void requireTheModule() {
    NativeCode.require();
    Assumptions.assumeTrue(ShimNode.isPresent(), "the module jbcachefs_shim is not loaded");
  }

  @BeforeEach
  void register() throws NativeException {
    admin = ShimNode.open();
    daemon = ShimDaemon.register(FILESYSTEM, "größe", "/dev/vda /dev/vdb");
  }

  @AfterEach
  void close() {
    daemon.close();
    admin.close();
    threads.shutdownNow();
  }

  private Future<ShimAnswer> call(int operation, byte[] message, int timeoutMillis) {
    return threads.submit(() -> admin.call(FILESYSTEM, operation, message, timeoutMillis));
  }

  private static int errno(Future<?> call) {
    Exception e = assertThrows(java.util.concurrent.ExecutionException.class, call::get);
    return ((NativeException) e.getCause()).errno();
  }

  @Test
  void whatIsRegisteredIsListed() throws NativeException {
    List<ShimFilesystem> found = admin.filesystems();
    assertEquals(1, found.size());
    ShimFilesystem filesystem = found.getFirst();
    assertEquals(FILESYSTEM, filesystem.uuid());
    assertEquals("größe", filesystem.label());
    assertEquals("/dev/vda /dev/vdb", filesystem.members());
    assertEquals(ProcessHandle.current().pid(), filesystem.pid());
    assertEquals(0, filesystem.waitingCalls());
    daemon.close();
    assertEquals(List.of(), admin.filesystems());
  }

  @Test
  void longTextsAreCutOffBetweenCharacters() throws NativeException {
    try (ShimDaemon other = ShimDaemon.register(OTHER, "ö".repeat(40), "é".repeat(40_000))) {
      ShimFilesystem filesystem = admin.filesystems().getLast();
      assertEquals(OTHER, filesystem.uuid());
      assertEquals("ö".repeat(31), filesystem.label());
      assertEquals("é".repeat(32_768), filesystem.members());
      assertFalse(other.reply(new ShimCall(77, 0, 0, 0, new byte[0]), 0, new byte[0]));
    }
  }

  @Test
  void aFilesystemIsServedByOne() {
    NativeException e =
        assertThrows(NativeException.class, () -> ShimDaemon.register(FILESYSTEM, "", ""));
    assertEquals(Errno.EEXIST, e.errno());
  }

  @Test
  void aCallGoesThereAndItsAnswerComesBack() throws Exception {
    byte[] message = "usage?".getBytes(StandardCharsets.UTF_8);
    Future<ShimAnswer> answer = call(7, message, 0);
    ShimCall call = daemon.receive().orElseThrow();
    assertEquals(7, call.operation());
    assertEquals(ProcessHandle.current().pid(), call.pid());
    assertEquals(0, call.uid());
    assertArrayEquals(message, call.message());
    assertEquals(1, admin.filesystems().getFirst().waitingCalls());
    assertTrue(daemon.reply(call, -5, "42".getBytes(StandardCharsets.UTF_8)));
    assertEquals(-5, answer.get().status());
    assertArrayEquals("42".getBytes(StandardCharsets.UTF_8), answer.get().message());
    assertFalse(daemon.reply(call, 0, new byte[0]), "it is answered");
  }

  @Test
  void messagesMayBeEmptyOrAMebibyteAndNotMore() throws Exception {
    for (int length : new int[] {0, ShimDaemon.MOST_BYTES}) {
      Future<ShimAnswer> answer = call(length, new byte[length], 0);
      ShimCall call = daemon.receive().orElseThrow();
      assertEquals(length, call.message().length);
      assertTrue(daemon.reply(call, 1, new byte[length]));
      assertEquals(length, answer.get().message().length);
    }
    assertEquals(Errno.EMSGSIZE, errno(call(0, new byte[ShimDaemon.MOST_BYTES + 1], 0)));
  }

  @Test
  void callsOfManyAreAnsweredInAnyOrderByManyThreads() throws Exception {
    int count = 40;
    List<Future<?>> servers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      servers.add(
          threads.submit(() -> {
            for (Optional<ShimCall> call = daemon.receive();
                call.isPresent();
                call = daemon.receive()) {
              daemon.reply(call.get(), call.get().operation() * 3, call.get().message());
            }
            return null;
          }));
    }
    List<Future<ShimAnswer>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(call(i, ("message " + i).getBytes(StandardCharsets.UTF_8), 0));
    }
    for (int i = 0; i < count; i++) {
      assertEquals(i * 3, answers.get(i).get().status());
      assertEquals(
          "message " + i, new String(answers.get(i).get().message(), StandardCharsets.UTF_8));
    }
    daemon.close();
    for (Future<?> server : servers) {
      server.get();
    }
  }

  @Test
  void aCallTimesOutAndItsAnswerComesTooLate() throws Exception {
    Future<ShimAnswer> answer = call(1, new byte[10], 100);
    ShimCall call = daemon.receive().orElseThrow();
    assertEquals(Errno.ETIMEDOUT, errno(answer));
    assertFalse(daemon.reply(call, 0, new byte[0]));
  }

  @Test
  void callsFailWithTheirDaemonAndWithoutOne() throws Exception {
    Future<ShimAnswer> answer = call(1, new byte[10], 0);
    assertTrue(daemon.receive().isPresent());
    daemon.close();
    assertEquals(Errno.EPIPE, errno(answer));
    assertEquals(Optional.empty(), daemon.receive());
    NativeException e =
        assertThrows(NativeException.class, () -> admin.call(FILESYSTEM, 1, new byte[0], 0));
    assertEquals(Errno.ENOENT, e.errno());
  }
}
