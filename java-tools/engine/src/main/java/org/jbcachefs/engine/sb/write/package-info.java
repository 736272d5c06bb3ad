// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Writing the superblock: {@link org.jbcachefs.engine.sb.write.SuperblockWriter} changes it on all
 * members at once; what must come before what is said there, and what goes along with each write.
 */
package org.jbcachefs.engine.sb.write;
