// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.contents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.cli.control.MountedChanges;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code file clone}. */
@Command(
    name = "clone",
    description = {
      "Makes a file of a mounted filesystem share the data of another one, which need not be copied"
          + " then. Offsets must be multiples of the block size, and so must the length, unless it"
          + " reaches the end of both files."
    })
public final class CloneRange extends ChangeContents {
  @Parameters(index = "0", paramLabel = "FILE", description = "The file that has the data.")
  private Path from;

  @Parameters(index = "1", paramLabel = "DEST", description = "The file that is to share it.")
  private Path to;

  @Option(
      names = "--offset",
      paramLabel = "BYTES",
      defaultValue = "0",
      description = "Where in FILE it begins.")
  private long offset;

  @Option(
      names = "--dest-offset",
      paramLabel = "BYTES",
      defaultValue = "0",
      description = "Where in DEST it is to be.")
  private long destinationOffset;

  @Option(
      names = "--length",
      paramLabel = "BYTES",
      defaultValue = "-1",
      description = "How much; without it up to the end of FILE.")
  private long length;

  @Override
  public List<Path> mountedPaths() {
    return List.of(from, to);
  }

  @Override
  Path file() {
    return to;
  }

  @Override
  long sizeAfter(long before) {
    try {
      long bytes = length >= 0 ? length : Files.size(from) - offset;
      return Math.max(before, destinationOffset + bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  String what() {
    String bytes = length >= 0 ? length + " bytes" : "what is";
    return "let %s share %s from byte %d of %s on, at its byte %d"
        .formatted(to, bytes, offset, from, destinationOffset);
  }

  @Override
  void change(MountedChanges changes, List<InodeId> files) {
    long size = changes.tree().attributes(files.getFirst()).size();
    long bytes = length >= 0 ? length : size - offset;
    if (bytes < 0) {
      throw new PosixException(PosixError.EINVAL, "the offset is beyond the end of the file");
    }
    changes.tree().clone(files.getFirst(), offset, files.getLast(), destinationOffset, bytes);
  }
}
