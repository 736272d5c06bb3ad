// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Which data of files is lost without a key that says so: it must be an error to read it, never
 * zeros. Finds such ranges by what points back to them, by the sectors that inodes count, and by
 * the references that shared extents count.
 */
package org.jbcachefs.engine.repair.lost;
