// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block.shim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;

/**
 * A filesystem registered with the kernel shim, as long as this is open: admin commands find it by
 * its UUID, and their calls come here. Thread-safe; {@link #close} ends waits. A process that dies
 * is unregistered by the kernel, and its calls fail.
 */
public final class ShimDaemon implements AutoCloseable {
  /** The longest message either way, in bytes. */
  public static final int MOST_BYTES = ShimLayout.MAX_MESSAGE_BYTES;

  private final ShimNode node;
  private final Waker waker;

  private ShimDaemon(ShimNode node) throws NativeException {
    this.node = node;
    this.waker = new Waker();
  }

  /**
   * Registers a filesystem.
   *
   * @param label for people; cut off after 63 bytes
   * @param members any text about its devices; cut off after 64 KiB
   * @throws NativeException EEXIST if somebody serves it already, ENOENT if there is no module,
   *     EACCES if the caller may not use it
   */
  public static ShimDaemon register(UUID filesystem, String label, String members)
      throws NativeException {
    ShimNode node = ShimNode.openNonBlocking();
    ShimDaemon daemon = null;
    try {
      node.register(filesystem, label, members);
      daemon = new ShimDaemon(node);
      return daemon;
    } finally {
      if (daemon == null) {
        node.close();
      }
    }
  }

  /** Waits for a call; empty once this is closed. */
  public Optional<ShimCall> receive() throws NativeException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment receive = arena.allocate(ShimLayout.RECEIVE_BYTES, 8);
      MemorySegment buffer = arena.allocate(MOST_BYTES);
      while (waker.await(node.descriptor())) {
        int result;
        try {
          receive.fill((byte) 0);
          receive.set(ValueLayout.JAVA_LONG, ShimLayout.RECEIVE_BUFFER, buffer.address());
          receive.set(ValueLayout.JAVA_INT, ShimLayout.RECEIVE_SIZE, MOST_BYTES);
          result = ShimNative.control(node.descriptor(), ShimLayout.IOC_RECEIVE, receive.address());
        } finally {
          waker.leave();
        }
        // Another thread has taken it, or its caller waits no more.
        if (result != -Errno.EAGAIN && result != -Errno.EINTR) {
          NativeException.check("receive a call", result);
          return Optional.of(callOf(receive, buffer));
        }
      }
      return Optional.empty();
    }
  }

  private static ShimCall callOf(MemorySegment receive, MemorySegment buffer) {
    int length = receive.get(ValueLayout.JAVA_INT, ShimLayout.RECEIVE_LENGTH);
    return new ShimCall(
        receive.get(ValueLayout.JAVA_LONG, ShimLayout.RECEIVE_ID),
        receive.get(ValueLayout.JAVA_INT, ShimLayout.RECEIVE_OPERATION),
        receive.get(ValueLayout.JAVA_INT, ShimLayout.RECEIVE_PID),
        receive.get(ValueLayout.JAVA_INT, ShimLayout.RECEIVE_UID),
        buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
  }

  /**
   * Answers a call.
   *
   * @return false if its caller does not wait any more, or this is closed
   */
  public boolean reply(ShimCall call, int status, byte[] message) throws NativeException {
    if (!waker.enter()) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment reply = arena.allocate(ShimLayout.REPLY_BYTES, 8);
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
      reply.set(ValueLayout.JAVA_LONG, ShimLayout.REPLY_ID, call.id());
      reply.set(ValueLayout.JAVA_LONG, ShimLayout.REPLY_BUFFER, buffer.address());
      reply.set(ValueLayout.JAVA_INT, ShimLayout.REPLY_LENGTH, message.length);
      reply.set(ValueLayout.JAVA_INT, ShimLayout.REPLY_STATUS, status);
      int result = ShimNative.control(node.descriptor(), ShimLayout.IOC_REPLY, reply.address());
      if (result == -Errno.ENOENT) {
        return false;
      }
      NativeException.check("answer a call", result);
      return true;
    } finally {
      waker.leave();
    }
  }

  /** The calls that were not answered fail with EPIPE. */
  @Override
  public void close() {
    if (waker.close()) {
      node.close();
    }
  }

  /** At most that many bytes, and no half characters. */
  static byte[] cut(String text, int bytes) {
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    int end = Math.min(all.length, bytes);
    while (end < all.length && end > 0 && (all[end] & 0xc0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(all, end);
  }
}
