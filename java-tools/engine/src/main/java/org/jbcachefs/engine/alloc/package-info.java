// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Accounting and buckets: what space is used for.
 *
 * <p>{@link org.jbcachefs.engine.alloc.Contributions} is a pure function from one key to what it
 * adds to counters, buckets and backpointers. A checker sums it over every key and compares; a
 * writer applies the difference of old and new key. Nothing here reads or writes a device.
 */
package org.jbcachefs.engine.alloc;
