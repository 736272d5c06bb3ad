// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jbcachefs.cli.Invocation.Surroundings;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.fuse.control.ControlClient;
import org.jbcachefs.fuse.mount.MountEntry;
import org.jbcachefs.fuse.mount.WriteBack;

/** Sends a command to the daemon of the mount that its paths lie on. */
public final class DaemonCall {
  private DaemonCall() {}

  /**
   * Has the command run there and prints what it prints.
   *
   * @return its exit code; empty if its paths are on no mount of ours, or nobody answers there
   */
  public static Optional<Integer> run(
      Surroundings surroundings, String command, List<String> arguments, MountedCommand parsed)
      throws IOException {
    List<Path> paths = parsed.mountedPaths();
    List<byte[]> inside = new ArrayList<>();
    Optional<MountEntry> mount = Optional.empty();
    for (Path path : paths) {
      Optional<Path> real = real(path);
      Optional<MountEntry> holding =
          real.isEmpty() ? Optional.empty() : MountEntry.holding(real.get());
      if (holding.isEmpty() || !holding.get().isOurs()) {
        return Optional.empty();
      }
      if (mount.isPresent() && !mount.get().equals(holding.get())) {
        return Optional.empty();
      }
      mount = holding;
      inside.add(Names.encode("/" + holding.get().directory().relativize(real.get())));
    }
    if (mount.isEmpty()) {
      return ofFilesystem(surroundings, command, arguments, parsed);
    }
    if (parsed.needsWriteBack()) {
      WriteBack.of(mount.get().directory());
    }
    String zone = surroundings.clock().getZone().getId();
    return call(surroundings, mount.get(), new Messages.Request(command, arguments, inside, zone));
  }

  /** Without symbolic links; the last part may be missing. */
  private static Optional<Path> real(Path path) throws IOException {
    try {
      Path absolute = path.toAbsolutePath().normalize();
      if (Files.exists(absolute)) {
        return Optional.of(absolute.toRealPath());
      }
      Path parent = absolute.getParent();
      return parent != null && Files.isDirectory(parent)
          ? Optional.of(parent.toRealPath().resolve(absolute.getFileName()))
          : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** By its UUID: whoever asks has its devices, and no path on it. */
  private static Optional<Integer> ofFilesystem(
      Surroundings surroundings, String command, List<String> arguments, MountedCommand parsed)
      throws IOException {
    Optional<UUID> filesystem = parsed.mountedFilesystem();
    if (filesystem.isEmpty()) {
      return Optional.empty();
    }
    int user = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    String zone = surroundings.clock().getZone().getId();
    return call(
        surroundings,
        () -> ControlClient.ofFilesystem(filesystem.get(), user),
        new Messages.Request(command, arguments, List.of(), zone));
  }

  private static Optional<Integer> call(
      Surroundings surroundings, MountEntry mount, Messages.Request request) throws IOException {
    return call(surroundings, () -> ControlClient.ofMount(mount.device(), mount.user()), request);
  }

  /** Connects to a daemon; empty if there is none. */
  @FunctionalInterface
  private interface Connecting {
    Optional<ControlClient> connect() throws IOException;
  }

  private static Optional<Integer> call(
      Surroundings surroundings, Connecting connecting, Messages.Request request)
      throws IOException {
    Optional<ControlClient> connected;
    try {
      connected = connecting.connect();
    } catch (AccessDeniedException e) {
      return Optional.empty();
    }
    if (connected.isEmpty()) {
      return Optional.empty();
    }
    try (ControlClient client = connected.get()) {
      Messages.Answer answer = Messages.answer(client.call(Messages.encode(request)));
      surroundings.out().write(answer.out());
      surroundings.out().flush();
      surroundings.err().writeBytes(answer.err());
      surroundings.err().flush();
      return Optional.of(answer.code());
    }
  }
}
