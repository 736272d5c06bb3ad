// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.move;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jbcachefs.engine.alloc.write.SpaceAllocator;
import org.jbcachefs.engine.btree.live.LiveBtrees;
import org.jbcachefs.engine.btree.write.NodeWork;
import org.jbcachefs.engine.commit.Clocks;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.data.ReadErrors;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.tables.Feature;

/**
 * What moving data takes.
 *
 * @param key null where nothing is encrypted
 * @param inPlace tells of extents that are overwritten in place
 * @param announce sees to it that the superblock names a feature
 * @param errors told of data that could not be read
 * @param rules that hold
 */
public record MoveParts(
    DeviceSet devices,
    LiveBtrees btrees,
    Committer committer,
    NodeWork nodes,
    SpaceAllocator space,
    EffectiveOptions options,
    Clocks clocks,
    FilesystemKey key,
    Supplier<SnapshotTable> snapshots,
    InPlaceMarks inPlace,
    Consumer<Feature> announce,
    ReadErrors errors,
    WriteRules rules) {}
