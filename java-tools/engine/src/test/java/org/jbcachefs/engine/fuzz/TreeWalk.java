// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Reads everything of a filesystem that a user can see, within limits, and sums it up. What cannot
 * be read is counted, and the walk goes on. Used once.
 */
final class TreeWalk {
  private static final int CHUNK = 1 << 20;

  private final ReadFilesystem filesystem;
  private final Namespace namespace;
  private final Digest digest = new Digest();
  private final MemorySegment buffer = Arena.ofAuto().allocate(CHUNK, 8);
  private final Set<FileId> visited = new HashSet<>();
  private final Deque<FileId> directories = new ArrayDeque<>();
  private int entriesLeft;
  private long bytesLeft;
  private int errors;

  TreeWalk(ReadFilesystem filesystem, int mostEntries, long mostBytes) {
    this.filesystem = filesystem;
    this.namespace = filesystem.namespace();
    this.entriesLeft = mostEntries;
    this.bytesLeft = mostBytes;
  }

  /** Walks; returns a digest of all that was read, in order. */
  long run() {
    attempt(() -> visit(namespace.root()));
    while (!directories.isEmpty() && entriesLeft > 0) {
      FileId directory = directories.removeFirst();
      attempt(() -> list(directory));
    }
    return digest.value();
  }

  /** How many things could not be read. */
  int errors() {
    return errors;
  }

  private void attempt(Runnable step) {
    try {
      step.run();
    } catch (BcachefsException _) {
      errors++;
    }
  }

  private void list(FileId directory) {
    List<DirectoryEntry> entries = new ArrayList<>();
    namespace.list(
        directory,
        -1,
        entry -> {
          entries.add(entry);
          return --entriesLeft > 0;
        });
    for (DirectoryEntry entry : entries) {
      digest.add(entry.name());
      digest.add(entry.type());
      attempt(() -> found(directory, entry));
      attempt(() -> visit(entry.target()));
    }
  }

  private void found(FileId directory, DirectoryEntry entry) {
    if (namespace.lookup(directory, entry.name()).isEmpty()) {
      errors++;
    }
  }

  private void visit(FileId file) {
    if (!visited.add(file)) {
      return;
    }
    Attributes attributes = namespace.attributes(file);
    digest.add(attributes.mode());
    digest.add(attributes.uid());
    digest.add(attributes.gid());
    digest.add(attributes.links());
    digest.add(attributes.size());
    digest.add(attributes.mtime());
    attempt(() -> xattrs(file));
    if (attributes.isDirectory()) {
      directories.add(file);
    } else if (attributes.isSymlink()) {
      digest.add(namespace.readlink(file));
    } else if (attributes.isRegular()) {
      data(file);
    }
  }

  private void xattrs(FileId file) {
    for (byte[] name : namespace.listXattrs(file)) {
      digest.add(name);
      namespace.xattr(file, name).ifPresent(digest::add);
    }
    namespace.optionXattrs(file).forEach(xattr -> digest.add(xattr.value()));
  }

  private void data(FileId file) {
    long at = filesystem.data().nextData(file, 0);
    while (at >= 0 && bytesLeft > 0) {
      long end = filesystem.data().nextHole(file, at);
      digest.add(at);
      digest.add(end);
      while (at < end && bytesLeft > 0) {
        int length = (int) Math.min(CHUNK, end - at);
        int read = filesystem.data().read(file, at, buffer.asSlice(0, length));
        if (read <= 0) {
          return;
        }
        digest.add(buffer.asSlice(0, read));
        at += read;
        bytesLeft -= read;
      }
      at = end < at ? -1 : filesystem.data().nextData(file, end);
    }
  }
}
