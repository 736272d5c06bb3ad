// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.error.Finding;

/**
 * The files of a damaged filesystem: what is left under its path, what has lost it by number,
 * inodes that are missing made up. Thread-safe.
 */
public final class RescuedFiles {
  private final FileData data;
  private final Namespace namespace;

  /**
   * Files from what is left of the btrees.
   *
   * @param data makes the file data from what gives files' sizes in bytes
   * @param findings told what is damaged or lost, and where it is shown; called by any thread
   */
  public RescuedFiles(
      Btrees btrees,
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      Function<ToLongFunction<FileId>, FileData> data,
      FilesystemDefaults defaults,
      Consumer<Finding> findings) {
    Supplier<Remains> remains = new FoundOnce(btrees);
    InodeSource inodes = new RescueInodes(btrees, snapshots, remains, findings);
    this.data = data.apply(new FileSizes(inodes));
    Namespace left =
        new NamespaceReader(btrees, snapshots, subvolumes, inodes, this.data, defaults, findings);
    LostAndFound lost = new LostAndFound(snapshots, subvolumes, inodes, remains, findings);
    this.namespace = new RescueNamespace(left, lost, findings);
  }

  /** What is in files. */
  public FileData data() {
    return data;
  }

  /** Files and directories. */
  public Namespace namespace() {
    return namespace;
  }

  /** Searches when something is asked for that may be lost, once. */
  private static final class FoundOnce implements Supplier<Remains> {
    private final Btrees btrees;
    private Remains found;

    FoundOnce(Btrees btrees) {
      this.btrees = btrees;
    }

    @Override
    public synchronized Remains get() {
      if (found == null) {
        found = Remains.find(btrees);
      }
      return found;
    }
  }
}
