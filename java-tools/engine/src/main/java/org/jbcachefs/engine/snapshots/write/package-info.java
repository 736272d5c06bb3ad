// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Changing keys as one snapshot sees them: a change is made in the snapshot's own id, and what an
 * ancestor holds at the same position is hidden, never touched.
 */
package org.jbcachefs.engine.snapshots.write;
