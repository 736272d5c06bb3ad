// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.function.Supplier;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.FilesystemParts;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.sb.Superblock;

/** What commands see of a filesystem that is mounted, and may change meanwhile. */
record MountedView(FilesystemParts parts, Supplier<Namespace> files) implements FilesystemView {
  @Override
  public Superblock superblock() {
    return parts.superblock();
  }

  @Override
  public DeviceSet devices() {
    return parts.devices();
  }

  @Override
  public Btrees btrees() {
    return parts.btrees();
  }

  @Override
  public SnapshotTable snapshots() {
    return parts.snapshots();
  }

  @Override
  public SubvolumeTable subvolumes() {
    return parts.subvolumes();
  }

  @Override
  public Namespace namespace() {
    return files.get();
  }

  /** Whoever mounted it closes it. */
  @Override
  public void close() {}
}
