// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Superblocks for a filesystem whose devices have lost every copy of theirs, good enough for fsck
 * to go on from there.
 *
 * <p>What is needed to read the filesystem is made up by {@code recovery}; this room then reads its
 * btrees and its journal, and corrects what they know better: sizes of nodes and buckets, buckets
 * of the journal and of superblocks, sequence numbers that were given up, features in use, the time
 * from which times count. What nothing tells is assumed, and said ({@link
 * org.jbcachefs.engine.rebuild.RebuiltSuperblocks#assumed}). Writes nothing: {@code
 * sb.SuperblockRecovery} does. Called by the command line.
 */
package org.jbcachefs.engine.rebuild;
