// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;

/**
 * What is left of a damaged namespace: files under their paths where the paths are left, the others
 * in {@code /lost+found-jbcachefs}. What is damaged or lost is told, not thrown, as long as
 * something can be shown. Thread-safe.
 */
final class RescueNamespace implements Namespace {
  private static final int DIRECTORY_MODE = Attributes.DIRECTORY | 0700;

  private final Namespace left;
  private final LostAndFound lost;
  private final Consumer<Finding> findings;

  /**
   * Shows both.
   *
   * @param left what paths still lead to
   * @param lost what no path leads to
   */
  RescueNamespace(Namespace left, LostAndFound lost, Consumer<Finding> findings) {
    this.left = left;
    this.lost = lost;
    this.findings = findings;
  }

  @Override
  public FileId root() {
    return left.root();
  }

  @Override
  public FileId subvolumeRoot(int subvolume) {
    return left.subvolumeRoot(subvolume);
  }

  @Override
  public FileId snapshotRoot(int snapshot) {
    return left.snapshotRoot(snapshot);
  }

  @Override
  public Attributes attributes(FileId file) {
    return LostAndFound.has(file) ? attributesOfLostAndFound(file) : left.attributes(file);
  }

  private static Attributes attributesOfLostAndFound(FileId file) {
    return new Attributes(file, DIRECTORY_MODE, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public Optional<DirectoryEntry> lookup(FileId directory, byte[] name) {
    if (LostAndFound.has(directory)) {
      return lost.list(directory).stream()
          .filter(entry -> Arrays.equals(entry.name(), name))
          .findFirst();
    }
    if (directory.equals(root()) && Arrays.equals(name, LostAndFound.NAME)) {
      return lost.entry();
    }
    return left.lookup(directory, name);
  }

  @Override
  public void list(FileId directory, long after, Predicate<DirectoryEntry> consumer) {
    if (LostAndFound.has(directory)) {
      for (DirectoryEntry entry : lost.list(directory)) {
        if (entry.hash() > after && !consumer.test(entry)) {
          return;
        }
      }
      return;
    }
    boolean[] wanted = {true};
    left.list(
        directory,
        after,
        entry -> {
          wanted[0] = consumer.test(entry);
          return wanted[0];
        });
    if (wanted[0] && directory.equals(root()) && after != Long.MAX_VALUE) {
      // It is the last entry: whether the consumer wants more makes no difference.
      lost.entry().ifPresent(entry -> wanted[0] = consumer.test(entry));
    }
  }

  @Override
  public FileId parent(FileId directory) {
    if (LostAndFound.has(directory)) {
      return directory.equals(LostAndFound.ROOT) ? root() : lost.parentOf(directory);
    }
    try {
      return left.parent(directory);
    } catch (CorruptionException e) {
      findings.accept(Finding.of(e));
      return root();
    }
  }

  @Override
  public byte[] readlink(FileId symlink) {
    return left.readlink(symlink);
  }

  @Override
  public List<byte[]> listXattrs(FileId file) {
    if (LostAndFound.has(file)) {
      return List.of();
    }
    try {
      return left.listXattrs(file);
    } catch (CorruptionException e) {
      findings.accept(Finding.of(e));
      return List.of();
    }
  }

  @Override
  public Optional<byte[]> xattr(FileId file, byte[] name) {
    if (LostAndFound.has(file)) {
      return Optional.empty();
    }
    try {
      return left.xattr(file, name);
    } catch (CorruptionException e) {
      findings.accept(Finding.of(e));
      return Optional.empty();
    }
  }

  @Override
  public List<Xattr> optionXattrs(FileId file) {
    return LostAndFound.has(file) ? List.of() : left.optionXattrs(file);
  }
}
