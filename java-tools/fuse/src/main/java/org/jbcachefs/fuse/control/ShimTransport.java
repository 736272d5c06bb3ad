// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.control;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.shim.ShimCall;
import org.jbcachefs.block.shim.ShimDaemon;
import org.jbcachefs.block.shim.ShimNode;

/**
 * The kernel shim carries the calls: a filesystem is registered there by its UUID. Of those who may
 * open the node only root and the daemon's user are answered. The module forgets the filesystem if
 * the daemon is killed.
 */
public final class ShimTransport implements ControlTransport {
  /** The one operation there is so far: a message of this package's kind. */
  static final int MESSAGE = 1;

  private static final byte[] NOTHING = {};

  private final ShimDaemon daemon;
  private final int user;
  private final Consumer<String> problems;

  private ShimTransport(ShimDaemon daemon, int user, Consumer<String> problems) {
    this.daemon = daemon;
    this.user = user;
    this.problems = problems;
  }

  /**
   * Registers a filesystem; empty if the module is not loaded or not for this user.
   *
   * @param label for people
   * @param members the paths of its devices
   * @param user who may call besides root: the daemon's
   * @param problems told what goes wrong, also why it cannot be registered where the module is
   */
  public static Optional<ShimTransport> open(
      UUID filesystem, String label, String members, int user, Consumer<String> problems) {
    if (!ShimNode.isPresent() || !NativeLibrary.isPresent()) {
      return Optional.empty();
    }
    try {
      ShimDaemon daemon = ShimDaemon.register(filesystem, label, members);
      return Optional.of(new ShimTransport(daemon, user, problems));
    } catch (NativeException e) {
      if (e.errno() != Errno.EACCES && e.errno() != Errno.ENOENT) {
        problems.accept("kernel shim: cannot " + e.operation() + ": " + Errno.text(e.errno()));
      }
      return Optional.empty();
    }
  }

  @Override
  public void start(ControlHandler handler) {
    Thread.ofPlatform().name("control-shim").daemon().start(() -> serve(handler));
  }

  private void serve(ControlHandler handler) {
    try {
      for (Optional<ShimCall> call = daemon.receive(); call.isPresent(); call = daemon.receive()) {
        ShimCall taken = call.get();
        Thread.ofPlatform().name("control-call").daemon().start(() -> answer(taken, handler));
      }
    } catch (NativeException e) {
      problems.accept("kernel shim: no more calls: " + Errno.text(e.errno()));
    }
  }

  private void answer(ShimCall call, ControlHandler handler) {
    int status =
        call.uid() != 0 && call.uid() != user
            ? -Errno.EACCES
            : call.operation() != MESSAGE ? -Errno.EOPNOTSUPP : 0;
    byte[] answer = status == 0 ? handler.answer(call.message()) : NOTHING;
    try {
      if (!daemon.reply(call, status, answer)) {
        // Its caller does not wait any more.
        return;
      }
    } catch (NativeException e) {
      problems.accept("kernel shim: an answer is lost: " + Errno.text(e.errno()));
    }
  }

  @Override
  public String description() {
    return ShimNode.PATH.toString();
  }

  @Override
  public void close() {
    daemon.close();
  }
}
