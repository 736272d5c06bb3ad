// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.shim.ShimAnswer;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.block.testing.NativeCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Needs the module; runs in the guest of tests/vm/shim-java. */
@Timeout(120)
class ShimTransportTest {
  private static final UUID FILESYSTEM = UUID.fromString("2f1d34c5-3333-4000-8000-00000000abcd");

  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private ShimTransport transport;

  @BeforeAll
  static void requireTheModule() {
    NativeCode.require();
    Assumptions.assumeTrue(ShimNode.isPresent(), "the module jbcachefs_shim is not loaded");
  }

  @BeforeEach
  void serve() {
    transport = open(0);
  }

  private ShimTransport open(int user) {
    return ShimTransport.open(FILESYSTEM, "label", "/dev/vda", user, problems::add).orElseThrow();
  }

  @AfterEach
  void close() {
    transport.close();
    assertEquals(List.of(), problems);
  }

  private static byte[] reversed(byte[] message) {
    byte[] answer = new byte[message.length];
    for (int i = 0; i < message.length; i++) {
      answer[i] = message[message.length - 1 - i];
    }
    return answer;
  }

  @Test
  void messagesGoThereAndAnswersComeBack() throws IOException {
    transport.start(ShimTransportTest::reversed);
    try (ControlClient client = ControlClient.byShim(FILESYSTEM).orElseThrow()) {
      assertEquals(
          "olleh",
          new String(
              client.call("hello".getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8));
      byte[] longest = new byte[ControlTransport.MOST_BYTES];
      longest[0] = 7;
      assertArrayEquals(reversed(longest), client.call(longest));
    }
  }

  @Test
  void whoServesIsFoundByItsUuidOnly() throws IOException {
    transport.start(ShimTransportTest::reversed);
    assertEquals(Optional.empty(), ControlClient.byShim(UUID.randomUUID()));
    transport.close();
    assertEquals(Optional.empty(), ControlClient.byShim(FILESYSTEM));
    transport = open(0);
    ControlClient.byShim(FILESYSTEM).orElseThrow().close();
  }

  @Test
  void whatIsNoMessageOfOursIsRefused() throws IOException {
    transport.start(ShimTransportTest::reversed);
    try (ShimNode node = ShimNode.open()) {
      ShimAnswer answer = node.call(FILESYSTEM, ShimTransport.MESSAGE + 1, new byte[1], 0);
      assertEquals(-Errno.EOPNOTSUPP, answer.status());
    }
  }

  @Test
  void aCallOutlivesNoDaemon() throws IOException {
    transport.start(message -> {
      transport.close();
      return message;
    });
    try (ControlClient client = ControlClient.byShim(FILESYSTEM).orElseThrow()) {
      NativeException e = assertThrows(NativeException.class, () -> client.call(new byte[1]));
      assertEquals(Errno.EPIPE, e.errno());
    }
  }

  @Test
  void aSecondOneIsToldThatItIsServed() {
    assertEquals(Optional.empty(), ShimTransport.open(FILESYSTEM, "", "", 0, problems::add));
    assertEquals(1, problems.size());
    assertTrue(problems.removeFirst().endsWith("file exists"), problems.toString());
  }
}
