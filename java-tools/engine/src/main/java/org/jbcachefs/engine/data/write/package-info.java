// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Writing file data.
 *
 * <p>{@link org.jbcachefs.engine.data.write.DataWriter} turns bytes into extents: compressed,
 * encrypted, checksummed, written to sectors on as many devices as there are to be copies. Nobody
 * sees them until {@link org.jbcachefs.engine.data.write.ExtentOverwrite} has put their keys where
 * others were, in the transaction that changes the inode's size and sectors too. The sectors are
 * written and acknowledged before that transaction commits; what is never committed is free again
 * by itself.
 *
 * <p>{@link org.jbcachefs.engine.data.write.ReflinkReferences} counts who shares indirect extents.
 */
package org.jbcachefs.engine.data.write;
