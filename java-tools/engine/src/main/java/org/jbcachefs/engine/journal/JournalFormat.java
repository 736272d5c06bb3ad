// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.journal.Jset;

/**
 * What one must know of a filesystem to recognise its journal entries.
 *
 * @param magic of its jsets
 * @param blockBytes journal entries begin at multiples of this
 * @param key null if it is not encrypted
 */
public record JournalFormat(long magic, int blockBytes, FilesystemKey key) {
  /** The length of an entry with its padding. */
  long padded(long bytes) {
    return (bytes + blockBytes - 1) / blockBytes * blockBytes;
  }

  boolean hasMagic(MemorySegment segment, long at) {
    return Le.u64(segment, at + Jset.OFFSET_MAGIC) == magic;
  }
}
