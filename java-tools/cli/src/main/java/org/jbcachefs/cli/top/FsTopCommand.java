// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.top;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.control.DaemonCall;
import org.jbcachefs.cli.control.MountedCommand;
import org.jbcachefs.cli.control.MountedHere;
import org.jbcachefs.cli.output.Output;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code fs top}. */
@Command(
    name = "fs top",
    description = {
      "Shows what a mounted filesystem does: its counters, and what is read from and written to each"
          + " device by type of data.",
      "On a terminal until it is interrupted, else once."
    })
public final class FsTopCommand implements MountedCommand {
  private static final String SAMPLE = "--sample";
  private static final String NAME = "fs top";
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CLEAR = "\033[H\033[2J";

  @Parameters(
      arity = "0..1",
      paramLabel = "DIR",
      description = "The mountpoint, or anything below it; without it the current directory.")
  private Path directory = Path.of(".");

  @Option(
      names = {"-h", "--human-readable"},
      description = "Numbers with k, M, G...")
  private boolean human;

  @Option(names = "--once", description = "Show one interval; the same as -n 1.")
  private boolean once;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Show so many intervals; 0: until it is interrupted.")
  private Integer count;

  @Option(
      names = {"-d", "--delay"},
      paramLabel = "SECONDS",
      description = "How long an interval is, in seconds; 1 without it.")
  private int delay = 1;

  @Option(names = SAMPLE, hidden = true, description = "What the daemon has counted by now.")
  private boolean sample;

  /** Of the command line. */
  public FsTopCommand() {}

  private static FsTopCommand sampleOf(Path directory) {
    FsTopCommand command = new FsTopCommand();
    command.directory = directory;
    command.sample = true;
    return command;
  }

  @Override
  public boolean opensDevices() {
    return false;
  }

  /** Only a sample is the daemon's business. */
  @Override
  public List<Path> mountedPaths() {
    return sample ? List.of(directory) : List.of();
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    if (sample) {
      MountedHere here = MountedHere.required(invocation, directory);
      ActivitySample now = ActivitySample.of(here.view());
      invocation.out().filesystem(now.filesystem());
      now.write(invocation.out().data());
      return ExitCode.DONE;
    }
    if (delay < 1 || (count != null && count < 0)) {
      throw new UsageException("an interval is at least a second, and -n takes 0 or more");
    }
    long wanted = wanted(invocation);
    long begun = System.nanoTime();
    ActivitySample before = ask(invocation);
    invocation.out().filesystem(before.filesystem());
    for (long frame = 0; wanted == 0 || frame < wanted; frame++) {
      pause();
      long now = System.nanoTime();
      ActivitySample sampled = ask(invocation);
      show(invocation, frame, new ActivityFrame(before, sampled, (now - begun) / 1e9));
      before = sampled;
      begun = now;
    }
    return ExitCode.DONE;
  }

  /** How many intervals; 0 if that is not said. */
  private long wanted(Invocation invocation) {
    if (once) {
      return 1;
    }
    if (count != null) {
      return count;
    }
    boolean watched = invocation.terminal().output() && invocation.out().form() == Output.Form.TEXT;
    return watched ? 0 : 1;
  }

  private void pause() throws IOException {
    try {
      Thread.sleep(Duration.ofSeconds(delay));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private void show(Invocation invocation, long index, ActivityFrame frame) {
    Output out = invocation.out();
    if (out.isJson()) {
      out.item(frame::write);
    } else {
      if (invocation.terminal().output() && invocation.terminal().colour()) {
        out.text().print(CLEAR);
      } else if (index > 0) {
        out.text().println();
      }
      frame.print(out.text(), human);
    }
    out.flush();
  }

  private ActivitySample ask(Invocation invocation) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    Invocation.Surroundings mine = invocation.surroundings();
    Invocation.Surroundings caught =
        new Invocation.Surroundings(
            mine.in(), answer, mine.err(), mine.environment(), mine.clock(), mine.terminal());
    Optional<Integer> code =
        DaemonCall.run(
            caught,
            NAME,
            List.of(SAMPLE, directory.toString(), "--json=object"),
            sampleOf(directory));
    if (code.isEmpty()) {
      throw MountedHere.notOurs(directory);
    }
    if (code.get() != ExitCode.DONE) {
      throw new IOException("the daemon of " + directory + " has not said what it counted");
    }
    return ActivitySample.parse(MAPPER.readTree(answer.toByteArray()));
  }
}
