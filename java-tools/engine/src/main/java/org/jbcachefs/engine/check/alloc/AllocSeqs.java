// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.alloc;

import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.recovery.ReadFilesystem;

/** Which journal sequence numbers there have been. */
final class AllocSeqs {
  private AllocSeqs() {}

  /** The highest that any key may carry. */
  static long newest(ReadFilesystem filesystem) {
    JournalReplay journal = filesystem.journal();
    long newest = Math.max(journal.lastSeq(), journal.newestSeq());
    // Without a journal to go by every number may be right.
    return newest == 0 ? -1 : newest;
  }
}
