// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.value;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.sb.ErrorsV2Section;

/**
 * What has damaged an inode: the errors that a repair of it met or a reader found, ascending by
 * number, each once; stored as in the superblock's second section of errors. Of version 1.39.
 * Source: {@code struct bch_damage}.
 *
 * @param shape the value's bytes
 */
public record DamageRecord(List<ErrorsV2Section.Entry> entries, Shape shape) implements Value {
  public static final int ENTRY_BYTES = ErrorsV2Section.ENTRY_BYTES;

  /** More do not fit into a key. */
  private static final int ENTRIES_MOST = (255 * Long.BYTES - Bkey.BYTES) / ENTRY_BYTES;

  public DamageRecord {
    entries = List.copyOf(entries);
  }

  /**
   * Of these entries: those of one number are added up. Those with the highest numbers are left out
   * where they are too many for a key.
   */
  public static DamageRecord of(Collection<ErrorsV2Section.Entry> entries) {
    TreeMap<Integer, ErrorsV2Section.Entry> byId = new TreeMap<>();
    entries.forEach(entry -> byId.merge(entry.id(), entry, DamageRecord::together));
    List<ErrorsV2Section.Entry> kept = byId.values().stream().limit(ENTRIES_MOST).toList();
    return new DamageRecord(kept, Shape.of(kept.size() * ENTRY_BYTES));
  }

  private static ErrorsV2Section.Entry together(
      ErrorsV2Section.Entry one, ErrorsV2Section.Entry other) {
    return new ErrorsV2Section.Entry(
        one.id(),
        Math.min(one.count() + other.count(), ErrorsV2Section.NR.max()),
        Math.min(one.firstTime(), other.firstTime()),
        Math.max(one.lastTime(), other.lastTime()));
  }

  /** This and that one together. */
  public DamageRecord with(DamageRecord other) {
    List<ErrorsV2Section.Entry> all = new ArrayList<>(entries);
    all.addAll(other.entries);
    return of(all);
  }

  public static DamageRecord decode(Bkey key) {
    List<ErrorsV2Section.Entry> entries = new ArrayList<>();
    for (int at = 0; at + ENTRY_BYTES <= key.valueBytes(); at += ENTRY_BYTES) {
      entries.add(ErrorsV2Section.decode(Shape.u64(key, at), Shape.u64(key, at + Long.BYTES)));
    }
    return new DamageRecord(entries, Shape.of(key));
  }

  /** As a key; its place is that of the inode. */
  public Bkey toKey(Bpos pos) {
    MemorySegment value = MemorySegment.ofArray(new long[bytes() / Long.BYTES]);
    encode(value, 0);
    return new Bkey().setPos(pos).setType(KeyType.DAMAGE.number()).setValue(value, 0, bytes());
  }

  static Problem check(Bkey key) {
    if (key.valueBytes() % ENTRY_BYTES != 0) {
      return new Problem(
          "damage_entries_bad", "val size " + key.valueBytes() + " not a multiple of entry size");
    }
    int before = 0;
    for (ErrorsV2Section.Entry entry : decode(key).entries) {
      if (entry.id() <= before) {
        return new Problem("damage_entries_bad", "id " + entry.id() + " after " + before);
      }
      if (entry.firstTime() > entry.lastTime()) {
        return new Problem("damage_entries_bad", "first occurrence after last");
      }
      before = entry.id();
    }
    return null;
  }

  @Override
  public int bytes() {
    return shape.bytes();
  }

  @Override
  public void encode(MemorySegment out, long at) {
    shape.begin(out, at);
    for (int index = 0; index < entries.size(); index++) {
      long where = at + (long) index * ENTRY_BYTES;
      Le.putU64(out, where, entries.get(index).firstWord());
      Le.putU64(out, where + Long.BYTES, entries.get(index).secondWord());
    }
  }
}
