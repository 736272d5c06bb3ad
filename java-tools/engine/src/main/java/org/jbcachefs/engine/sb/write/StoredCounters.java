// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.util.Arrays;
import java.util.Optional;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What was counted goes into the superblock with whatever else is written there, as {@code
 * bch2_sb_counters_from_cpu} does. No superblock is written for it alone.
 */
final class StoredCounters {
  private static final int SECTION_BYTES =
      CountersSection.OFFSET_COUNTERS
          + CountersSection.COUNTER_BYTES * PersistentCounter.values().length;

  private StoredCounters() {}

  static void update(SuperblockEditor editor, DeviceSet devices) {
    Activity activity = devices.activity();
    boolean any =
        Arrays.stream(PersistentCounter.values())
            .anyMatch(counter -> activity.notStored(counter) != 0);
    if (!any) {
      return;
    }
    Superblock superblock = editor.toSuperblock(Place.NOWHERE);
    Optional<RawSection> section = superblock.section(SectionType.COUNTERS);
    byte[] before = section.map(stored -> stored.payload().toArray()).orElse(new byte[0]);
    int wanted = SECTION_BYTES - CountersSection.OFFSET_COUNTERS;
    boolean grows = before.length < wanted;
    if (grows && superblock.raw().length + SECTION_BYTES > room(devices)) {
      wanted = before.length;
    }
    CountersSection counters =
        new CountersSection(Bytes.copyOf(Arrays.copyOf(before, Math.max(wanted, before.length))));
    if (counters.count() > 0) {
      editor.section(counters.plus(activity::takeForStoring));
    }
  }

  /** The least that any member's layout has for a superblock, in bytes. */
  private static long room(DeviceSet devices) {
    long least = Long.MAX_VALUE;
    for (int index = 0; index < devices.size(); index++) {
      Superblock own = devices.superblockOf(index);
      least = own == null ? least : Math.min(least, own.layout().maxBytes());
    }
    return least;
  }
}
