// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Buckets of a filesystem that is being written to.
 *
 * <p>Inside of a commit: {@link org.jbcachefs.engine.alloc.write.KeyDifference} applies the
 * difference of what an old and a new key contribute to {@link
 * org.jbcachefs.engine.alloc.write.BucketChanges} (the state machine of buckets with its indexes),
 * to backpointers and to {@link org.jbcachefs.engine.alloc.write.Counters}.
 *
 * <p>Outside: {@link org.jbcachefs.engine.alloc.write.SpaceAllocator} finds free buckets through
 * the freespace btree and gives out their sectors; a bucket is open from then on until all that was
 * given out of it is committed or given up. {@link org.jbcachefs.engine.alloc.write.Discards} makes
 * emptied buckets free once the journal entry that emptied them is durable: before that a crash
 * brings back the pointers into them.
 *
 * <p>An open bucket that becomes empty keeps its generation until it is closed. Not open and empty,
 * it has another generation than any pointer that ever led there.
 */
package org.jbcachefs.engine.alloc.write;
