// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;
import picocli.CommandLine.Option;

/** Where '/' is: the root subvolume, another one, or a snapshot. A mixin. */
public final class TreeOptions {
  @Option(
      names = "--subvol",
      paramLabel = "PATH|ID",
      description = "Start in this subvolume instead of the root; paths are from there.")
  private String subvolume;

  @Option(
      names = "--snapshot",
      paramLabel = "ID",
      description = "Show this snapshot, as 'subvolume list-snapshots' numbers them.")
  private String snapshot;

  /** The directory that '/' stands for. */
  public FileId root(Namespace namespace) {
    if (subvolume != null && snapshot != null) {
      throw new UsageException("--subvol and --snapshot exclude each other");
    }
    if (snapshot != null) {
      return namespace.snapshotRoot(id("--snapshot", snapshot));
    }
    if (subvolume == null) {
      return namespace.root();
    }
    return subvolume.matches("[0-9]+")
        ? namespace.subvolumeRoot(id("--subvol", subvolume))
        : byPath(namespace);
  }

  private FileId byPath(Namespace namespace) {
    byte[] path = Names.encode(subvolume);
    FileId root = namespace.root();
    FileId found = new PathResolver(namespace, root).resolve(path, true);
    if (!found.equals(namespace.subvolumeRoot(found.subvolume()))) {
      throw new NotFoundException(
          Place.NOWHERE, Names.printableString(path) + ": not the root of a subvolume");
    }
    return found;
  }

  private static int id(String option, String text) {
    try {
      return Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      throw new UsageException(option + " takes a number, not '" + text + "'");
    }
  }
}
