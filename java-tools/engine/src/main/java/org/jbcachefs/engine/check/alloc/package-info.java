// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What is allocated: everything that points to buckets, summed up and held against the alloc btree,
 * the counters, the superblock and the indexes that are derived from them.
 *
 * <p>{@link org.jbcachefs.engine.check.alloc.AllocationSums} goes once over every pointer of the
 * filesystem. It keeps a few bytes for each bucket that is in use ({@link
 * org.jbcachefs.engine.check.alloc.BucketTable}), nothing for others. Backpointers are not sorted
 * or looked up one by one: for each bucket two sums of hashes are compared, of what pointers ask
 * for and of what is there, and only buckets where they differ are looked into. Where even that
 * does not fit, buckets are done in slices.
 *
 * <p>Called by {@link org.jbcachefs.engine.check.Check}; the passes are independent of each other
 * but for the sums that they share.
 */
package org.jbcachefs.engine.check.alloc;
