// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.Supplier;
import org.jbcachefs.cli.CommandInDaemon;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation.Surroundings;
import org.jbcachefs.cli.platform.Terminal;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.fuse.control.ControlHandler;
import org.jbcachefs.fuse.control.ControlTransport;
import org.jbcachefs.fuse.session.SessionLog;

/** Runs commands in the daemon of a mounted filesystem. Thread-safe. */
public final class DaemonCommands implements ControlHandler {
  /** What base64 and JSON make of the output must have room in an answer. */
  private static final int MOST_OUTPUT = ControlTransport.MOST_BYTES / 4 * 3 - 4096;

  private final Supplier<FilesystemView> view;
  private final Supplier<ChangesNow> changes;
  private final Supplier<MountedChecks> checks;
  private final Remounting remounting;
  private final SessionLog log;

  /**
   * Of a filesystem that stays open as long as this serves.
   *
   * @param view what one command sees
   * @param changes what one command may change
   * @param checks what one command may check
   */
  public DaemonCommands(
      Supplier<FilesystemView> view,
      Supplier<ChangesNow> changes,
      Supplier<MountedChecks> checks,
      Remounting remounting,
      SessionLog log) {
    this.view = view;
    this.changes = changes;
    this.checks = checks;
    this.remounting = remounting;
    this.log = log;
  }

  @Override
  public byte[] answer(byte[] message) {
    Messages.Request request;
    try {
      request = Messages.request(message);
    } catch (IOException e) {
      return failure("not understood: " + e.getMessage());
    }
    try {
      return Messages.encode(run(request));
    } catch (RuntimeException e) {
      // The caller must hear of it; it is told as the defect that it is.
      log.defect(request.command() + ": a defect of jbcachefs, please report it", e);
      return failure("internal error of the daemon, see its log: " + e);
    }
  }

  private Messages.Answer run(Messages.Request request) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Surroundings surroundings =
        new Surroundings(
            new ByteArrayInputStream(new byte[0]),
            out,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Map.of(),
            Clock.system(zone(request.zone())),
            Terminal.NONE);
    int code;
    try (ChangesNow now = changes.get()) {
      MountedHere here =
          new MountedHere(view.get(), now, checks.get(), remounting, request.paths());
      code = CommandInDaemon.run(surroundings, request.command(), request.arguments(), here);
    }
    if (out.size() + err.size() > MOST_OUTPUT) {
      return new Messages.Answer(
          ExitCode.FAILED,
          new byte[0],
          text("the output of " + out.size() + " bytes is too long for the daemon to send"));
    }
    return new Messages.Answer(code, out.toByteArray(), err.toByteArray());
  }

  private static ZoneId zone(String id) {
    try {
      return ZoneId.of(id);
    } catch (DateTimeException e) {
      return ZoneId.of("UTC");
    }
  }

  private static byte[] failure(String what) {
    return Messages.encode(new Messages.Answer(ExitCode.FAILED, new byte[0], text(what)));
  }

  private static byte[] text(String what) {
    return ("jbcachefs: " + what + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
