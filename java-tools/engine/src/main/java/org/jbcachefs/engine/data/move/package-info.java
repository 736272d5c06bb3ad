// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Moving data: out of buckets of which little is live, so that these become empty. What is moved is
 * read, written anew, and committed in the place of what it was if that is still there. Readers
 * hold a lock while they read, so that nothing is taken from under them.
 *
 * <p>And what readers make worth doing: copies of what they read on faster devices ({@link
 * org.jbcachefs.engine.data.move.Promotions}), and checksums for the parts of extents that are left
 * ({@link org.jbcachefs.engine.data.move.ChecksumNarrowing}).
 */
package org.jbcachefs.engine.data.move;
