// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The superblock, its layout table and its sections.
 *
 * <p>Every member device carries the superblock at sector 8 and copies of it at the sectors that
 * the layout lists (the layout is a sector of its own at sector 7, and a part of every superblock).
 * All numbers are little-endian.
 *
 * <pre>
 *   byte   0  csum           16  checksum of everything from byte 16 to the end of the last section
 *         16  version, version_min  u16 each; 4 pad
 *         24  magic          16
 *         40  uuid           16  internal, never changes; its first 8 bytes seed all other magics
 *         56  user_uuid      16
 *         72  label          32
 *        104  offset          8  sector this copy was written to
 *        112  seq             8  grows with every write; the newest decides
 *        120  block_size     u16 sectors; dev_idx u8; nr_devices u8; u64s u32 (size of the sections)
 *        128  time_base_lo u64, time_base_hi u32, time_precision u32 (ns)
 *        144  flags         7*8  options and state, see SuperblockFlag
 *        200  write_time      8
 *        208  features      2*8  incompatible; 224 compat 2*8
 *        240  layout        512
 *        752  sections: u64s u32, type u32, then the section's own bytes; u64s counts the header too
 * </pre>
 *
 * <p>Unknown sections, unknown bits and bytes beyond what a structure is known to hold are kept,
 * and come out again as they were. Everything here is immutable and safe for all threads.
 */
package org.jbcachefs.format.sb;
