// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.sb.Superblock;

/** What every open filesystem has, as it is at the moment. Thread-safe. */
public interface FilesystemParts {
  Superblock superblock();

  DeviceSet devices();

  Btrees btrees();

  /** All snapshots. */
  SnapshotTable snapshots();

  /** All subvolumes. */
  SubvolumeTable subvolumes();
}
