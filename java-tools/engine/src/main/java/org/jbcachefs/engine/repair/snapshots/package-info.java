// SPDX-License-Identifier: GPL-2.0-or-later
/** Repairs of snapshots and subvolumes. */
package org.jbcachefs.engine.repair.snapshots;
