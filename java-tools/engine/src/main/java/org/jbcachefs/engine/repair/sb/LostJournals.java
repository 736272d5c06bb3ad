// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.JournalBucketSearch;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SuperblockEditor;

/**
 * Superblocks that name no journal any more, on none of the members that are here: nothing can be
 * changed without one. Members get those of their buckets back that begin with a journal entry.
 */
public final class LostJournals {
  private LostJournals() {}

  /** Gives them back, if no member has one. */
  public static void giveBack(SuperblockWriter writer, DeviceSet devices) {
    Map<Integer, List<Long>> found = new TreeMap<>();
    for (int index = 0; index < devices.size(); index++) {
      Member member = devices.member(index);
      if (member == null || devices.device(index) == null) {
        continue;
      }
      if (devices.superblockOf(index).journalBuckets().size() > 0) {
        return;
      }
      List<Long> buckets =
          JournalBucketSearch.run(
              devices.device(index), member.bucketSectors(), writer.current().magicWord());
      if (!buckets.isEmpty()) {
        found.put(index, buckets);
      }
    }
    if (!found.isEmpty()) {
      writer.update(new Returned(found));
    }
  }

  private record Returned(Map<Integer, List<Long>> found) implements SuperblockWriter.Change {
    @Override
    public void apply(SuperblockEditor editor) {
      // The journal is each device's own.
    }

    @Override
    public void applyTo(int device, SuperblockEditor editor) {
      if (found.containsKey(device)) {
        editor.section(JournalBucketSearch.section(found.get(device)));
      }
    }
  }
}
