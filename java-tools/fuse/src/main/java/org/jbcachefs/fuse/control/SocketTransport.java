// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A socket in the file system: {@code control-MAJOR-MINOR} by the mount's device number, and a
 * symbolic link {@code uuid-UUID} to it. A daemon that was killed leaves both behind; the next one
 * with that device number takes their place.
 */
public final class SocketTransport implements ControlTransport {
  private final Path socket;
  private final Path link;
  private final ServerSocketChannel server;
  private final Consumer<String> problems;

  private SocketTransport(
      Path socket, Path link, ServerSocketChannel server, Consumer<String> problems) {
    this.socket = socket;
    this.link = link;
    this.server = server;
    this.problems = problems;
  }

  /**
   * Makes the socket.
   *
   * @param directory where; must exist
   * @param device the mount's device number, "major:minor"; whoever makes its socket holds its lock
   * @param problems told what goes wrong with a connection
   */
  public static SocketTransport open(
      Path directory, String device, UUID filesystem, Consumer<String> problems)
      throws IOException {
    Path socket = directory.resolve(socketName(device));
    Files.deleteIfExists(socket);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean done = false;
    try {
      server.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      Path link = directory.resolve(linkName(filesystem));
      Path made = directory.resolve(linkName(filesystem) + ".new");
      Files.deleteIfExists(made);
      Files.createSymbolicLink(made, socket.getFileName());
      Files.move(made, link, StandardCopyOption.ATOMIC_MOVE);
      done = true;
      return new SocketTransport(socket, link, server, problems);
    } finally {
      if (!done) {
        server.close();
      }
    }
  }

  static String socketName(String device) {
    return "control-" + device.replace(':', '-');
  }

  static String linkName(UUID filesystem) {
    return "uuid-" + filesystem;
  }

  @Override
  public void start(ControlHandler handler) {
    Thread.ofPlatform().name("control").daemon().start(() -> accept(handler));
  }

  private void accept(ControlHandler handler) {
    while (server.isOpen()) {
      try {
        SocketChannel channel = server.accept();
        Thread.ofPlatform().name("control-call").daemon().start(() -> serve(channel, handler));
      } catch (IOException e) {
        if (server.isOpen()) {
          problems.accept("control socket " + socket + ": " + e.getMessage());
        }
        return;
      }
    }
  }

  private void serve(SocketChannel channel, ControlHandler handler) {
    try (channel) {
      for (byte[] message = Framing.read(channel);
          message != null;
          message = Framing.read(channel)) {
        Framing.write(channel, handler.answer(message));
      }
    } catch (IOException e) {
      problems.accept("control socket " + socket + ": " + e.getMessage());
    }
  }

  @Override
  public String description() {
    return socket.toString();
  }

  @Override
  public void close() {
    try {
      server.close();
      Files.deleteIfExists(socket);
      if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(socket.getFileName())) {
        Files.deleteIfExists(link);
      }
    } catch (IOException e) {
      problems.accept("control socket " + socket + ": " + e.getMessage());
    }
  }
}
