// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.cli.files.BytePath;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.value.Subvolume;

/** Where subvolumes are in the tree. Found paths are remembered. Belongs to one thread. */
final class SubvolumePaths {
  private static final byte[] ROOT_PATH = {'/'};

  /** No path has more parts than this; a longer one is a loop. */
  private static final int DEEPEST = 1 << 12;

  private final Namespace namespace;
  private final Map<Integer, Optional<Location>> found = new HashMap<>();

  /**
   * Where a subvolume is.
   *
   * @param parent the subvolume it is in
   * @param path from that one's root, without leading '/'
   */
  record Location(int parent, byte[] path) {}

  SubvolumePaths(Namespace namespace) {
    this.namespace = namespace;
  }

  /** Empty for the root subvolume, and for one that has no place (any more). */
  Optional<Location> location(int subvolume) {
    return found.computeIfAbsent(subvolume, this::find);
  }

  private Optional<Location> find(int subvolume) {
    if (subvolume == Subvolume.ROOT) {
      return Optional.empty();
    }
    try {
      return locate(namespace.subvolumeRoot(subvolume));
    } catch (BcachefsException e) {
      return Optional.empty();
    }
  }

  private Optional<Location> locate(FileId root) {
    FileId in = namespace.parent(root);
    if (in.equals(root)) {
      return Optional.empty();
    }
    Optional<byte[]> path = name(in, root);
    FileId top = namespace.subvolumeRoot(in.subvolume());
    for (int depth = 0; path.isPresent() && !in.equals(top); depth++) {
      FileId above = namespace.parent(in);
      Optional<byte[]> name = name(above, in);
      if (depth == DEEPEST || name.isEmpty() || above.subvolume() != in.subvolume()) {
        return Optional.empty();
      }
      path = Optional.of(BytePath.join(name.get(), path.get()));
      in = above;
    }
    return path.map(found -> new Location(top.subvolume(), found));
  }

  private Optional<byte[]> name(FileId directory, FileId child) {
    byte[][] name = new byte[1][];
    namespace.list(
        directory,
        -1,
        entry -> {
          if (entry.target().equals(child)) {
            name[0] = entry.name();
          }
          return name[0] == null;
        });
    return Optional.ofNullable(name[0]);
  }

  /** The path from the filesystem's root, "/" for the root subvolume; empty if there is none. */
  Optional<byte[]> absolute(int subvolume) {
    byte[] path = new byte[0];
    int at = subvolume;
    for (int depth = 0; at != Subvolume.ROOT; depth++) {
      Optional<Location> location = location(at);
      if (location.isEmpty() || depth == DEEPEST) {
        return Optional.empty();
      }
      path = path.length == 0 ? location.get().path : BytePath.join(location.get().path, path);
      at = location.get().parent;
    }
    byte[] absolute = Arrays.copyOf(ROOT_PATH, 1 + path.length);
    System.arraycopy(path, 0, absolute, 1, path.length);
    return Optional.of(absolute);
  }
}
