// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.dump;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.qcow2.Qcow2Device;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.output.Sizes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump}. */
@Command(
    name = "undump",
    description = {
      "Makes sparse images of devices of qcow2 images, such as 'dump' writes: FILE.qcow2 becomes"
          + " FILE. What the qcow2 image does not hold is zeros."
    })
public final class UndumpCommand implements CliCommand {
  private static final String SUFFIX = ".qcow2";

  @Parameters(arity = "1..*", paramLabel = "FILE.qcow2", description = "The images.")
  private List<String> files = new ArrayList<>();

  @Option(
      names = {"-f", "--force"},
      description = "Overwrite existing files.")
  private boolean force;

  @Option(
      names = {"-n", "--dry-run"},
      description = "Only say what would be made.")
  private boolean dryRun;

  private record Made(Path from, Path to, long size, long held) {}

  @Override
  public int run(Invocation invocation) throws IOException {
    for (String file : files) {
      Path to = target(file);
      if (!force && !dryRun && Files.exists(to)) {
        throw new RefusedException(
            "exists", Place.device(to.toString(), -1), "is there already; -f overwrites it");
      }
    }
    List<Made> made = new ArrayList<>();
    try (Progress progress = invocation.progress("undump")) {
      for (String file : files) {
        progress.begin(file);
        made.add(undump(Path.of(file), target(file), progress));
      }
    }
    show(invocation, made);
    return ExitCode.DONE;
  }

  private static Path target(String file) {
    if (!file.endsWith(SUFFIX) || file.length() == SUFFIX.length()) {
      throw new UsageException("'" + file + "' does not end with " + SUFFIX);
    }
    return Path.of(file.substring(0, file.length() - SUFFIX.length()));
  }

  private Made undump(Path from, Path to, Progress progress) throws IOException {
    try (Qcow2Device image = new Qcow2Device(FileBlockDevice.openReadOnly(from))) {
      if (dryRun) {
        return new Made(from, to, image.size(), copy(image, null, progress));
      }
      if (force) {
        Files.deleteIfExists(to);
      }
      try (BlockDevice out = FileBlockDevice.create(to, image.size())) {
        long held = copy(image, out, progress);
        out.flush();
        return new Made(from, to, image.size(), held);
      }
    }
  }

  /** Copies what the image holds, cluster by cluster; returns how many bytes that are. */
  private static long copy(Qcow2Device image, BlockDevice out, Progress progress) {
    long held = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cluster = arena.allocate(image.clusterBytes(), 8);
      for (long at = image.nextHeld(0); at < image.size(); ) {
        MemorySegment part = cluster.asSlice(0, Math.min(image.clusterBytes(), image.size() - at));
        image.read(at, part);
        if (out != null) {
          out.write(at, part);
        }
        held += part.byteSize();
        progress.did(1, part.byteSize());
        progress.fraction((double) at / image.size());
        at = image.nextHeld(at + part.byteSize());
      }
    }
    return held;
  }

  private void show(Invocation invocation, List<Made> made) {
    if (!invocation.out().isJson()) {
      for (Made one : made) {
        String line = one.to + ": " + Sizes.iec(one.size) + ", " + Sizes.iec(one.held) + " of it";
        invocation.out().text().println((dryRun ? "would make " : "") + line + " held");
      }
      return;
    }
    JsonWriter json = invocation.out().data().beginObject();
    json.field("dry_run", dryRun).beginArray("images");
    for (Made one : made) {
      json.beginObject().field("source", one.from.toString()).field("path", one.to.toString());
      json.field("device_bytes", one.size).field("held_bytes", one.held).endObject();
    }
    json.endArray().endObject();
  }
}
