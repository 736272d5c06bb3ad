// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What options ask of data: which background work an extent, a stripe or a node needs to be as the
 * options of its file or of the filesystem want it. Pure functions of keys and the superblock;
 * nothing here reads or writes a device.
 */
package org.jbcachefs.engine.reconcile;
