// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.testing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.platform.Terminal;

/** Surroundings of a command that remember what it printed. */
public final class Outside {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment;
  private final InputStream in;

  public Outside() {
    this(Map.of(), "");
  }

  public Outside(Map<String, String> environment, String input) {
    this.environment = environment;
    this.in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
  }

  public Invocation.Surroundings surroundings() {
    return new Invocation.Surroundings(
        in,
        out,
        new PrintStream(err, true, StandardCharsets.UTF_8),
        environment,
        Clock.fixed(Instant.ofEpochSecond(1_700_000_000), ZoneOffset.UTC),
        Terminal.NONE);
  }

  public Invocation invocation(Output.Form form, String command) {
    return new Invocation(surroundings(), new Output(out, form, command), false, IoMode.AUTO);
  }

  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
