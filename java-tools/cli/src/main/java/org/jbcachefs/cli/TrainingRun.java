// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.cli.mount.MountTraining;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.platform.RawArguments;
import org.jbcachefs.cli.platform.Terminal;

/**
 * Runs typical commands in one process while the JVM writes down which classes it loads, or what a
 * mount does while it also writes down what code is used most: the launcher makes the archives from
 * it that let later processes start fast. Prints nothing.
 */
public final class TrainingRun {
  private static final String MOUNT = "--mount";
  private static final long IMAGE_BYTES = 256L << 20;
  private static final int WALKS = 50;

  private TrainingRun() {}

  /**
   * The argument, if there is one, is an image to read; after {@code --mount} it is a file to be
   * made.
   */
  public static void main(String[] arguments) throws IOException {
    Invocation.Surroundings nowhere =
        new Invocation.Surroundings(
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
            System.getenv(),
            Clock.system(ZoneId.systemDefault()),
            Terminal.of(System.getenv()));
    if (arguments.length == 2 && arguments[0].equals(MOUNT)) {
      System.exit(mount(nowhere, Path.of(arguments[1])));
    }
    List<List<String>> runs = new ArrayList<>();
    runs.add(List.of());
    runs.add(List.of("version", "--json"));
    runs.add(List.of("help", "version"));
    for (String image : arguments) {
      runs.add(List.of("show-super", image));
      runs.add(List.of("show-super", "--json", image));
      runs.add(List.of("fs", "usage", image));
      runs.add(List.of("subvolume", "list", image));
      runs.add(List.of("ls", "-l", image, "/"));
      runs.add(List.of("stat", image, "/"));
      runs.add(List.of("tree", image, "/"));
      runs.add(List.of("ls", "--json", image, "/"));
      runs.add(List.of("cat", image, "/nothing-here"));
    }
    Dispatcher dispatcher = new Dispatcher(nowhere);
    for (List<String> run : runs) {
      dispatcher.run(RawArguments.recover(run));
    }
    System.exit(ExitCode.DONE);
  }

  private static int mount(Invocation.Surroundings nowhere, Path image) throws IOException {
    FileBlockDevice.create(image, IMAGE_BYTES).close();
    Dispatcher dispatcher = new Dispatcher(nowhere);
    int code = dispatcher.run(List.of("format", "-q", image.toString()));
    if (code == ExitCode.DONE) {
      // Without a directory everything is done but the mounting, as far as this system can mount.
      dispatcher.run(List.of("mount", image.toString()));
      Output out = new Output(nowhere.out(), Output.Form.TEXT, "mount");
      new MountTraining(new Invocation(nowhere, out, false, IoMode.AUTO), image, WALKS).run();
    }
    return code;
  }
}
