// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.Place;

/** Finds files by their path. Symbolic links lead to places within the tree, whatever they say. */
public final class PathResolver {
  /** As Linux has it. */
  private static final int MOST_LINKS = 40;

  private final Namespace namespace;
  private final FileId root;

  /**
   * @param root the directory that '/' stands for
   */
  public PathResolver(Namespace namespace, FileId root) {
    this.namespace = namespace;
    this.root = root;
  }

  /**
   * The file of that path, from the root whether it begins with '/' or not. Links on the way are
   * followed, a link at its end only if asked for or if the path ends with '/'.
   *
   * @throws NotFoundException if there is no such file
   */
  public FileId resolve(byte[] path, boolean followLast) {
    boolean follow = followLast || (path.length > 0 && path[path.length - 1] == '/');
    Deque<byte[]> ahead = new ArrayDeque<>(BytePath.split(path));
    Deque<FileId> trail = new ArrayDeque<>();
    FileId at = root;
    int links = 0;
    while (!ahead.isEmpty()) {
      byte[] name = ahead.pop();
      if (BytePath.isDotDot(name)) {
        at = trail.isEmpty() ? root : trail.pop();
        continue;
      }
      FileId next = child(at, name, path);
      if ((follow || !ahead.isEmpty()) && namespace.attributes(next).isSymlink()) {
        if (++links > MOST_LINKS) {
          throw notFound(path, "too many symbolic links");
        }
        byte[] target = namespace.readlink(next);
        if (target.length > 0 && target[0] == '/') {
          trail.clear();
          at = root;
        }
        pushAll(ahead, BytePath.split(target));
        continue;
      }
      trail.push(at);
      at = next;
    }
    return at;
  }

  private static void pushAll(Deque<byte[]> ahead, List<byte[]> parts) {
    for (byte[] part : parts.reversed()) {
      ahead.push(part);
    }
  }

  private FileId child(FileId directory, byte[] name, byte[] path) {
    Attributes attributes = namespace.attributes(directory);
    if (!attributes.isDirectory()) {
      throw notFound(path, "not a directory on the way");
    }
    return namespace
        .lookup(directory, name)
        .map(DirectoryEntry::target)
        .orElseThrow(() -> notFound(path, "no such file or directory"));
  }

  private static NotFoundException notFound(byte[] path, String what) {
    return new NotFoundException(
        Place.structure(Names.printableString(BytePath.normalize(path))), what);
  }
}
