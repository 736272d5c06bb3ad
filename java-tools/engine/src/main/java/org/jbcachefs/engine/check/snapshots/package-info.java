// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Checks of snapshots and subvolumes: trees, nodes and their links, subvolumes with their roots,
 * parents and children, the root directory.
 *
 * <p>{@link org.jbcachefs.engine.check.snapshots.SnapshotFacts} holds all of them in memory, for
 * these passes and for those over files. Unlinked subvolumes and the snapshots that wait to be
 * deleted with them are left alone.
 */
package org.jbcachefs.engine.check.snapshots;
