// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Key values: what a key of each type says.
 *
 * <p>Cold values are immutable records ({@link Inode}, {@link Dirent}, {@link Subvolume}...), each
 * with {@code decode} and {@code encode}; encoding what was decoded gives the same bytes, unknown
 * ones included (see {@link Shape}). Values that scans meet by the million (alloc, backpointers,
 * accounting) have static accessors over the key cursor as well, which allocate nothing.
 *
 * <p>Values only ever grow at their end: a field that lies beyond the value's length reads as zero,
 * and bytes beyond the fields known here are kept.
 *
 * <p>Decoding checks every length against the value before it is used and throws {@link
 * org.jbcachefs.format.error.CorruptionException} with the format's error name.
 */
package org.jbcachefs.format.value;
