// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Little-endian bytes over {@link java.lang.foreign.MemorySegment}, bit ranges and the format's
 * varints.
 *
 * <p>Segments are native (off-heap) on hot paths: one kind of segment keeps the accessors
 * monomorphic. Nothing here knows what the bytes mean.
 */
package org.jbcachefs.format.bytes;
