// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;

/**
 * Holds a jset, or the entries of a clean section, against the format and names everything that
 * contradicts it. What is named here is what readers leave out: nothing stops them. Reusable; not
 * thread-safe.
 *
 * <p>Checks structure, not the meaning of key values; and not the checksum, which comes first.
 */
public final class JsetCheck {
  private final JsetEntry entry = new JsetEntry();
  private final Bkey key = new Bkey();
  private final Place place;
  private final Consumer<Finding> findings;

  /**
   * @param place where the jset lies
   * @param findings receives each contradiction by the format's own error name
   */
  public JsetCheck(Place place, Consumer<Finding> findings) {
    this.place = place;
    this.findings = findings;
  }

  /** Checks header and entries; the whole jset must lie in its segment. */
  public void check(Jset jset) {
    if (!Jset.isReadableVersion(jset.version())) {
      report("jset_unsupported_version", "version " + jset.version() + " is not one we know");
    }
    if (!jset.noFlush() && Long.compareUnsigned(jset.lastSeq(), jset.seq()) > 0) {
      report(
          "jset_last_seq_newer_than_seq",
          "last_seq "
              + Long.toUnsignedString(jset.lastSeq())
              + " is greater than its own sequence number "
              + Long.toUnsignedString(jset.seq()));
    }
    checkEntries(jset.segment(), jset.entriesStart(), jset.end());
  }

  /** Checks the entries between two byte offsets. */
  public void checkEntries(MemorySegment segment, long start, long end) {
    entry.over(segment, start, end);
    while (entry.next()) {
      checkEntry();
    }
    if (entry.overrun()) {
      report("journal_entry_past_jset_end", "an entry extends past the end");
    }
  }

  private void checkEntry() {
    JsetEntryType type = JsetEntryType.of(entry.type());
    if (type == null) {
      return;
    }
    if (type == JsetEntryType.BTREE_ROOT && rootFits() && !rootIsPointer()) {
      report("bkey_invalid_type_for_btree", "a btree root that is no pointer to a node");
    }
    if (type == JsetEntryType.BTREE_ROOT && !rootFits()) {
      report("journal_entry_btree_root_bad_size", "a btree root entry that is not one key");
    } else if (type.hasKeys()) {
      checkKeys(type);
    } else {
      checkValue();
    }
    if (type == JsetEntryType.BTREE_ROOT && entry.btree() >= BtreeId.NUMBER_LIMIT) {
      report("invalid_btree_id", "a root of btree " + entry.btree());
    }
  }

  private boolean rootFits() {
    return entry.u64s() > 0 && Le.u8(entry.segment(), entry.dataOffset()) == entry.u64s();
  }

  private boolean rootIsPointer() {
    if (entry.u64s() < Bkey.U64S || !JsetKeys.isUnpacked(entry.segment(), entry.dataOffset())) {
      return true;
    }
    int type = key.readUnpacked(entry.segment(), entry.dataOffset()).type();
    return type == KeyType.BTREE_PTR_V2.number() || type == KeyType.BTREE_PTR.number();
  }

  private void checkValue() {
    try {
      JsetValue.read(entry);
    } catch (CorruptionException e) {
      report(e.errorName(), e.getMessage());
    }
  }

  private void checkKeys(JsetEntryType type) {
    MemorySegment in = entry.segment();
    long at = entry.dataOffset();
    long end = at + entry.dataBytes();
    while (at < end) {
      int u64s = Le.u8(in, at + Bkey.OFFSET_U64S);
      if (u64s == 0) {
        report("journal_entry_bkey_u64s_0", "a key of no length in a " + type + " entry");
        return;
      }
      if (at + u64s * 8L > end) {
        report("journal_entry_bkey_past_end", "a key extends past the end of a " + type + " entry");
        return;
      }
      if (!JsetKeys.isUnpacked(in, at)) {
        report("journal_entry_bkey_bad_format", "a packed key in a " + type + " entry");
      } else if (u64s < Bkey.U64S) {
        report("bkey_u64s_too_small", "a key of " + u64s + " words in a " + type + " entry");
      }
      at += u64s * 8L;
    }
  }

  private void report(String name, String what) {
    findings.accept(new Finding(name, place, what));
  }
}
