// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Messages on a stream: a length, then as many bytes. */
final class Framing {
  private Framing() {}

  /** The next message; null if the other end has closed the stream before one began. */
  static byte[] read(SocketChannel channel) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(Integer.BYTES);
    if (channel.read(head) < 0) {
      return null;
    }
    fill(channel, head);
    long length = Integer.toUnsignedLong(head.getInt(0));
    if (length > ControlTransport.MOST_BYTES) {
      throw new IOException("a message of " + length + " bytes is too long");
    }
    ByteBuffer message = ByteBuffer.allocate((int) length);
    fill(channel, message);
    return message.array();
  }

  private static void fill(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("the other end closed the connection within a message");
      }
    }
  }

  static void write(SocketChannel channel, byte[] message) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Integer.BYTES + message.length);
    buffer.putInt(message.length).put(message).flip();
    while (buffer.hasRemaining()) {
      int written = channel.write(buffer);
      assert written >= 0;
    }
  }
}
