// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.journal.JournalFormat;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetIntegrity;
import org.jbcachefs.format.journal.JsetKeys;

/**
 * What of a journal bucket is journal entries: what begins with their magic, as far as it says that
 * it is long, its checksum right or not. Not thread-safe.
 */
final class JournalPieces {
  private final JournalFormat format;
  private final ValueSanitizer sanitizer;
  private final long firstSeq;
  private final Jset jset = new Jset();
  private final JsetEntry entry = new JsetEntry();
  private final JsetKeys keys = new JsetKeys();

  /** Is told of each entry, in order. */
  interface Sink {
    void entry(long offset, MemorySegment bytes);
  }

  /**
   * For entries from that sequence number on.
   *
   * @param firstSeq 0 for all
   */
  JournalPieces(JournalFormat format, ValueSanitizer sanitizer, long firstSeq) {
    this.format = format;
    this.sanitizer = sanitizer;
    this.firstSeq = firstSeq;
  }

  /** Finds the entries of a bucket and blots out in place what is to be blotted out. */
  void bucket(MemorySegment bucket, Sink sink) {
    long at = 0;
    while (at + Jset.BYTES <= bucket.byteSize()) {
      jset.wrap(bucket, at);
      if (jset.magic() != format.magic()) {
        at += format.blockBytes();
        continue;
      }
      boolean fits = jset.bytes() <= bucket.byteSize() - at;
      boolean right = fits && JsetIntegrity.verify(jset, format.key());
      if (Long.compareUnsigned(jset.seq(), firstSeq) >= 0) {
        if (fits && !sanitizer.isIdle()) {
          sanitize(right);
        }
        sink.entry(at, bucket.asSlice(at, fits ? jset.bytes() : Jset.BYTES));
      }
      at += right ? padded(jset.bytes()) : format.blockBytes();
    }
  }

  private long padded(long bytes) {
    return (bytes + format.blockBytes() - 1) / format.blockBytes() * format.blockBytes();
  }

  private void sanitize(boolean right) {
    boolean mac = isEncrypted();
    if (mac && !right) {
      return;
    }
    JsetIntegrity.decrypt(jset, format.key());
    boolean changed = false;
    entry.over(jset);
    while (entry.next()) {
      JsetEntryType type = JsetEntryType.of(entry.type());
      if (type != null && type.hasKeys()) {
        changed |= keys();
      }
    }
    if (mac || (changed && right)) {
      JsetIntegrity.seal(jset, format.key());
    }
  }

  private boolean isEncrypted() {
    var type = org.jbcachefs.format.checksum.ChecksumType.of(jset.csumType());
    return type != null && type.isMac();
  }

  private boolean keys() {
    boolean changed = false;
    keys.over(entry);
    while (keys.next()) {
      MemorySegment in = entry.segment();
      long at = keys.offset();
      long end = at + 8L * Le.u8(in, at + Bkey.OFFSET_U64S);
      int type = Le.u8(in, at + Bkey.OFFSET_TYPE);
      changed |= sanitizer.value(type, in, at + Bkey.BYTES, end);
    }
    return changed;
  }
}
