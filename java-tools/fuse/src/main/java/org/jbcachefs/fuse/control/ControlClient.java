// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.shim.ShimAnswer;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.fuse.mount.RunDirectory;

/** A command's end of a connection to the daemon of a mounted filesystem. One thread's. */
public final class ControlClient implements AutoCloseable {
  private final Connection connection;

  private ControlClient(Connection connection) {
    this.connection = connection;
  }

  /** What carries a message there and the answer back. */
  private interface Connection extends AutoCloseable {
    byte[] call(byte[] message) throws IOException;

    @Override
    void close() throws IOException;
  }

  /**
   * The daemon of a mount; empty if none answers.
   *
   * @param device the mount's device number, "major:minor"
   * @param uid who mounted it
   */
  public static Optional<ControlClient> ofMount(String device, int uid) throws IOException {
    return connect(RunDirectory.of(uid), SocketTransport.socketName(device));
  }

  /**
   * The daemon that serves a filesystem, by its socket or else through the kernel shim; empty if
   * none answers.
   *
   * @param uid whose daemon
   */
  public static Optional<ControlClient> ofFilesystem(UUID filesystem, int uid) throws IOException {
    Optional<ControlClient> found =
        connect(RunDirectory.of(uid), SocketTransport.linkName(filesystem));
    return found.isPresent() ? found : byShim(filesystem);
  }

  /** The daemon that has registered a filesystem with the kernel shim; empty if there is none. */
  static Optional<ControlClient> byShim(UUID filesystem) throws IOException {
    if (!ShimNode.isPresent() || !NativeLibrary.isPresent()) {
      return Optional.empty();
    }
    ShimNode node;
    try {
      node = ShimNode.open();
    } catch (NativeException e) {
      if (e.errno() == Errno.EACCES || e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
    boolean isServed = false;
    try {
      isServed = node.filesystems().stream().anyMatch(one -> one.uuid().equals(filesystem));
    } finally {
      if (!isServed) {
        node.close();
      }
    }
    return isServed
        ? Optional.of(new ControlClient(new ShimConnection(node, filesystem)))
        : Optional.empty();
  }

  static Optional<ControlClient> connect(List<Path> directories, String name) throws IOException {
    for (Path directory : directories) {
      Path socket = directory.resolve(name);
      if (Files.exists(socket)) {
        Optional<ControlClient> connected = connect(socket);
        if (connected.isPresent()) {
          return connected;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<ControlClient> connect(Path socket) throws IOException {
    try {
      return Optional.of(
          new ControlClient(
              new SocketConnection(SocketChannel.open(UnixDomainSocketAddress.of(socket)))));
    } catch (ConnectException e) {
      // Left behind by a daemon that was killed.
      return Optional.empty();
    }
  }

  /** Sends a message and waits for the answer. */
  public byte[] call(byte[] message) throws IOException {
    return connection.call(message);
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }

  private record SocketConnection(SocketChannel channel) implements Connection {
    @Override
    public byte[] call(byte[] message) throws IOException {
      Framing.write(channel, message);
      byte[] answer = Framing.read(channel);
      if (answer == null) {
        throw new EOFException("the daemon went away before it answered");
      }
      return answer;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private record ShimConnection(ShimNode node, UUID filesystem) implements Connection {
    private static final int NO_LIMIT = 0;

    @Override
    public byte[] call(byte[] message) throws IOException {
      ShimAnswer answer = node.call(filesystem, ShimTransport.MESSAGE, message, NO_LIMIT);
      if (answer.status() < 0) {
        throw new NativeException("call the daemon of " + filesystem, -answer.status());
      }
      return answer.message();
    }

    @Override
    public void close() {
      node.close();
    }
  }
}
