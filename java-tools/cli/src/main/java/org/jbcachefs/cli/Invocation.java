// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jbcachefs.block.opening.DeviceOpener;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.platform.Terminal;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.error.RefusedException;

/**
 * One run of a command: its streams, environment, clock and terminal. Everything a command knows of
 * the outside comes from here, so that tests can run it without a process.
 *
 * <p>{@link #out} belongs to the thread that runs the command; {@link #problem} and {@link #note}
 * may be called by any thread.
 */
public final class Invocation {
  /** What surrounds the program: streams, environment variables, time, terminal. */
  public record Surroundings(
      InputStream in,
      java.io.OutputStream out,
      PrintStream err,
      Map<String, String> environment,
      Clock clock,
      Terminal terminal) {}

  private final Surroundings surroundings;
  private final Output out;
  private final boolean debug;
  private final DeviceOpener devices;
  private final Object errLock = new Object();
  private final AtomicBoolean damage = new AtomicBoolean();
  private Progress progress;
  private MountedHere mounted;

  public Invocation(Surroundings surroundings, Output out, boolean debug, IoMode io) {
    this.surroundings = surroundings;
    this.out = out;
    this.debug = debug;
    this.devices = new DeviceOpener(io, debug ? this::note : _ -> {});
  }

  Invocation in(MountedHere here) {
    mounted = here;
    return this;
  }

  /** The mounted filesystem in whose daemon the command runs, if it does. */
  public Optional<MountedHere> mounted() {
    return Optional.ofNullable(mounted);
  }

  /** What opens every device of this command, the way {@code --io} says. */
  public DeviceOpener devices() {
    return devices;
  }

  /** What surrounds the program. */
  public Surroundings surroundings() {
    return surroundings;
  }

  public Output out() {
    return out;
  }

  public InputStream in() {
    return surroundings.in();
  }

  public Map<String, String> environment() {
    return surroundings.environment();
  }

  public Clock clock() {
    return surroundings.clock();
  }

  public Terminal terminal() {
    return surroundings.terminal();
  }

  public boolean debug() {
    return debug;
  }

  /** Prints {@code jbcachefs: WHERE: WHAT} on standard error and adds it to JSON's "errors". */
  public void problem(Problem problem) {
    synchronized (errLock) {
      out.add(problem);
      say(problem.sentence());
    }
  }

  /** The same for an exception of the format's family, met at that path or device ("" if none). */
  public void problem(String where, BcachefsException e) {
    problem(Problem.of(where, e));
    if (debug) {
      synchronized (errLock) {
        surroundings.err().print(StackTraces.of(e));
      }
    }
  }

  /**
   * Tells of something that is damaged, unreadable or lost; a command that is done otherwise then
   * ends with {@link ExitCode#DAMAGE}.
   */
  public void damaged(String where, BcachefsException e) {
    damage.set(true);
    problem(where, e);
  }

  /** The same without an exception at hand. */
  public void damaged(Problem what) {
    damage.set(true);
    problem(what);
  }

  /** Whether something damaged was told of. */
  public boolean isDamaged() {
    return damage.get();
  }

  /**
   * Tells that something asked for by name could not be done; returns the exit code that this
   * means: {@link ExitCode#FAILED} for what is not there or refused, else {@link ExitCode#DAMAGE}.
   */
  public int failedAt(String where, BcachefsException e) {
    problem(where, e);
    return switch (e) {
      case CorruptionException _, LostDataException _, DeviceException _ -> ExitCode.DAMAGE;
      case NotFoundException _, PosixException _ -> ExitCode.FAILED;
      case RefusedException _, PassphraseException _ -> ExitCode.FAILED;
    };
  }

  /** A remark on standard error that is no problem and not part of JSON. */
  public void note(String what) {
    synchronized (errLock) {
      say(what);
    }
  }

  private void say(String sentence) {
    if (progress != null) {
      progress.erase();
    }
    surroundings.err().println("jbcachefs: " + sentence.replace('\n', ' '));
    surroundings.err().flush();
  }

  /**
   * Progress of long work, shown on standard error if that is a terminal and nowhere else. Close it
   * when the work ends.
   *
   * @param what a participle, e.g. "extracting"
   */
  public Progress progress(String what) {
    synchronized (errLock) {
      progress =
          new Progress(
              what,
              surroundings.clock(),
              terminal().error() ? surroundings.err() : null,
              terminal().columns(),
              errLock);
      return progress;
    }
  }
}
