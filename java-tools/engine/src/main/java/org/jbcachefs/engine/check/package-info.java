// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The checker: everything that a filesystem promises, held against what is on its devices. Reads
 * and reports, and changes nothing.
 *
 * <p>{@link org.jbcachefs.engine.check.Check} runs {@link org.jbcachefs.engine.check.CheckPass}es
 * in the format's order. A pass looks through btrees by {@link
 * org.jbcachefs.engine.check.CheckContext#scan}, side by side on all threads, and reports {@link
 * org.jbcachefs.engine.check.CheckFinding}s: the format's error id, the key, the device, what was
 * expected and what was found. Who prints or counts them is not the passes' business.
 *
 * <p>Invariants: memory is bounded, whatever the size of the filesystem: tables are sparse or cut
 * into slices, and what must be sorted goes through a {@link
 * org.jbcachefs.engine.check.RecordSorter}. Time grows with metadata, not with the size of devices.
 * The order of findings does not depend on threads. What cannot be read is one finding, not one for
 * each key that is missed ({@link org.jbcachefs.engine.check.Damaged}).
 */
package org.jbcachefs.engine.check;
