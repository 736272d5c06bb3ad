// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.edit;

import java.util.function.ToIntFunction;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.journal.JournalLoader;
import org.jbcachefs.engine.journal.JournalRecovery;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.edit.Change;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;

/** Changes journal entries where they lie, in all their copies. Closing frees the buffer. */
final class JournalEntries implements AutoCloseable {
  private final ReadFilesystem filesystem;
  private final FilesystemKey key;
  private final JournalLoader loader;

  JournalEntries(ReadFilesystem filesystem) {
    this.filesystem = filesystem;
    this.key = filesystem.key().orElse(null);
    this.loader = new JournalLoader(JournalRecovery.format(filesystem.superblock(), key));
  }

  /**
   * Changes every copy of an entry.
   *
   * @param how changes the decrypted entry and says how much it found to change
   * @return the sum of what was found to change; copies where it was nothing are not written
   */
  int change(long seq, ToIntFunction<Jset> how) {
    int changed = 0;
    try (JournalListing listing = new JournalListing(filesystem.devices(), key, 1)) {
      for (JournalEntry entry : listing.entries()) {
        if (entry.seq() == seq) {
          for (JournalCopy copy : entry.copies()) {
            changed += copy.good() ? change(copy, how) : 0;
          }
        }
      }
    }
    return changed;
  }

  private int change(JournalCopy copy, ToIntFunction<Jset> how) {
    Jset jset = loader.load(copy);
    long bytes = jset.bytes();
    int changed = how.applyAsInt(jset);
    if (jset.bytes() > bytes) {
      throw Change.bad("a journal entry cannot be made longer");
    }
    if (changed > 0) {
      // Of a type that is not known there is no right checksum.
      if (JsetIntegrity.isKnown(jset, key)) {
        JsetIntegrity.seal(jset, key);
      }
      copy.device().device().write(copy.sector() * 512, jset.segment().asSlice(0, bytes));
    }
    return changed;
  }

  @Override
  public void close() {
    loader.close();
  }
}
