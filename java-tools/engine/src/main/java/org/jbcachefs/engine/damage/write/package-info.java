// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * From version 1.39 on a filesystem remembers what has damaged its inodes: what was met while they
 * were read, and what a repair found. A record lies where the inode does ({@code
 * format.value.DamageRecord}), goes with it, and is shown by {@code engine.damage}.
 */
package org.jbcachefs.engine.damage.write;
