// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * {@code subvolume list} and {@code subvolume list-snapshots}: what subvolumes and snapshots a
 * filesystem has, printed as the reference prints it for a mounted one.
 */
package org.jbcachefs.cli.subvolume;
