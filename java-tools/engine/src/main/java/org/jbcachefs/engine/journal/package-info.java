// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The journal: finding, checking and choosing entries, and the overlay of what is not in the btrees
 * yet. Reads only, from many devices at once.
 *
 * <p>{@link JournalRecovery} is the way in: after a clean shutdown the superblock's clean section
 * has all that is needed and the journal is not looked at. Otherwise a {@link JournalReader} has
 * every device's buckets scanned for entries, chooses the range that counts, reads that again and
 * gathers its keys in an {@link Overlay}, which the btrees lay over their nodes.
 *
 * <ul>
 *   <li>Of several copies of an entry one with a right checksum is used.
 *   <li>The newest <em>flush</em> entry decides: what counts is [its last_seq, its seq]. If its
 *       checksum is wrong it was torn by the crash, and the one before decides.
 *   <li>Every number in that range must be found, unless it is in the blacklist, whose ranges' ends
 *       are exclusive.
 *   <li>Numbers after the deciding entry are as good as blacklisted: bsets that carry them are
 *       ignored too, since nothing says that their updates were journalled.
 *   <li>Keys replace what the btrees have at exactly their (btree, level, position), the newest
 *       first; accounting keys are deltas and are all kept.
 *   <li>Roots, clocks and the key version are the last ones in the range.
 *   <li>Entries that a {@code rewind} entry covers are undone: what they overwrote is taken instead
 *       of what they wrote, but not for interior nodes and btrees about allocation.
 * </ul>
 *
 * <p>Memory: a header of each entry found while scanning; of the range that counts a copy of the
 * keys and 8 bytes per key. What is wrong is reported as findings; nothing here stops at it.
 */
package org.jbcachefs.engine.journal;
