// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Snapshot trees and visibility; subvolumes.
 *
 * <p>Ids grow towards the root. At each position a snapshot sees the key with the lowest id that is
 * itself or an ancestor; a whiteout there hides what ancestors have: {@link
 * org.jbcachefs.engine.snapshots.VisibleKeys}. The tables are read once and kept in memory; for a
 * rescue, nodes and subvolumes that are missing are made up from what others say of them.
 */
package org.jbcachefs.engine.snapshots;
