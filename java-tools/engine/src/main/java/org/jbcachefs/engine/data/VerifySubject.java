// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.journal.Overlay;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.node.NodeContext;

/**
 * What {@link Verify} needs of an opened filesystem.
 *
 * @param key null where nothing is encrypted
 * @param overlay for the roots
 * @param nodes how to read nodes
 */
public record VerifySubject(
    DeviceSet devices,
    Btrees btrees,
    FilesystemKey key,
    Overlay overlay,
    NodeContext nodes,
    SnapshotTable snapshots,
    SubvolumeTable subvolumes) {}
