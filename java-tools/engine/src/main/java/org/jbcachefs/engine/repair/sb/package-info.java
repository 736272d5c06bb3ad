// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Repairs of superblocks, before the filesystem is opened: what they say of members and options,
 * and where the journal is.
 */
package org.jbcachefs.engine.repair.sb;
