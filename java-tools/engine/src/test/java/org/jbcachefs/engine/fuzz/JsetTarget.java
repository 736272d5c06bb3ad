// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.time.ZoneOffset;
import java.util.List;
import org.jbcachefs.engine.journal.JournalReader;
import org.jbcachefs.engine.journal.SeqBlacklist;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetCheck;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryText;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.journal.JsetValue;
import org.jbcachefs.format.value.KeyText;

/** Jsets by themselves: cursors, checks, values, text, and the overlay they give. */
final class JsetTarget implements Target {
  private static final int KEYS_USED = 64;

  private final KeyUser user = new KeyUser();
  private final JsetEntryText text =
      new JsetEntryText(
          (out, btree, level, key) -> KeyText.append(out, btree, key),
          List.of("free", "sb"),
          ZoneOffset.UTC);

  @Override
  public void run(Bench bench, Mutator mutator) {
    byte[] bytes =
        mutator.damage(mutator.oneOf(bench.corpus().jsets(), bench.corpus().madeUpJsets()));
    MemorySegment segment = MemorySegment.ofArray(bytes);
    Jset jset = new Jset().wrap(segment, 0);
    if (jset.bytes() > bytes.length) {
      return;
    }
    new JsetCheck(Place.NOWHERE, _ -> {}).check(jset);
    StringBuilder printed = new StringBuilder();
    JsetEntry entry = new JsetEntry().over(jset);
    int used = 0;
    while (entry.next()) {
      used += use(entry, KEYS_USED - used);
      if (used < KEYS_USED) {
        printed.setLength(0);
        append(printed, entry);
      }
    }
    JournalReader.clean(
        1, segment.asSlice(Jset.BYTES, jset.bytes() - Jset.BYTES), SeqBlacklist.EMPTY);
  }

  private void append(StringBuilder printed, JsetEntry entry) {
    try {
      text.append(printed, entry, "  ");
    } catch (CorruptionException _) {
      printed.append("a key's value is damaged");
    }
  }

  private int use(JsetEntry entry, int most) {
    try {
      JsetValue.read(entry);
    } catch (CorruptionException _) {
      return 0;
    }
    JsetEntryType type = JsetEntryType.of(entry.type());
    JsetKeys keys = new JsetKeys().over(entry);
    Bkey key = new Bkey();
    int used = 0;
    while (type != null && type.hasKeys() && used < most && keys.next()) {
      user.use(entry.btree(), entry.level(), keys.read(key));
      used++;
    }
    return used;
  }
}
