// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal.write;

import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;

/**
 * How journal entries are made.
 *
 * @param magic of the filesystem's entries
 * @param version of the format, as the superblock has it
 * @param blockBytes entries begin at multiples of this
 * @param entryBytes the longest entry, its end included; fits into every device's journal buckets
 * @param checksum of entries; one that encrypts where the filesystem is encrypted
 * @param key null if it is not encrypted
 * @param replicas on how many devices an entry is to be
 */
public record JournalSettings(
    long magic,
    int version,
    int blockBytes,
    int entryBytes,
    ChecksumType checksum,
    FilesystemKey key,
    int replicas) {}
