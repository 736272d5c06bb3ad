// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Which sets of devices hold which data, as the superblock says. An entry is there before what it
 * speaks of. Thread-safe.
 */
public final class ReplicasEntries {
  private static final int JOURNAL = DataType.JOURNAL.number();

  /** As the reference sorts them: by their bytes. */
  private static final Comparator<ReplicasSection.Entry> BY_BYTES =
      Comparator.comparingInt(ReplicasSection.Entry::dataType)
          .thenComparingInt((ReplicasSection.Entry entry) -> entry.devices().size())
          .thenComparingInt(ReplicasSection.Entry::required)
          .thenComparing(ReplicasSection.Entry::devices, ReplicasEntries::compareDevices);

  private final SuperblockWriter superblock;
  private final Set<ReplicasSection.Entry> known = ConcurrentHashMap.newKeySet();

  public ReplicasEntries(SuperblockWriter superblock) {
    this.superblock = superblock;
    known.addAll(superblock.current().replicas().entries());
  }

  private static int compareDevices(List<Integer> left, List<Integer> right) {
    for (int i = 0; i < left.size(); i++) {
      int order = Integer.compare(left.get(i), right.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /**
   * Whether the superblock has that entry, or cannot have it: there is none for devices that are no
   * members, where a pointer that is still to be repaired leads.
   */
  public boolean has(int dataType, int required, List<Integer> devices) {
    return known.contains(new ReplicasSection.Entry(dataType, required, devices))
        || leadsNowhere(devices);
  }

  private boolean leadsNowhere(List<Integer> devices) {
    int members = superblock.current().members().size();
    return devices.stream().anyMatch(index -> index >= members);
  }

  /** Whether superblocks of this filesystem have entries for such data. */
  public boolean keeps(int dataType) {
    boolean withoutUserData =
        superblock.current().versionIncompat() >= MetadataVersion.NO_SB_USER_DATA_REPLICAS.number();
    return dataType <= DataType.BTREE.number() || !withoutUserData;
  }

  /** Whether any journal entry is on record: whether the filesystem is in use. */
  public boolean anyJournal() {
    return known.stream().anyMatch(entry -> entry.dataType() == JOURNAL);
  }

  /** Sees to it that the superblock has that entry; it is durable when this returns. */
  public synchronized void require(int dataType, int required, List<Integer> devices) {
    if (leadsNowhere(devices)) {
      return;
    }
    ReplicasSection.Entry entry = new ReplicasSection.Entry(dataType, required, devices);
    if (!known.contains(entry)) {
      List<ReplicasSection.Entry> entries = new ArrayList<>(stored());
      entries.add(entry);
      superblock.update(editor -> store(editor, entries));
      known.add(entry);
    }
  }

  private List<ReplicasSection.Entry> stored() {
    return superblock.current().replicas().entries();
  }

  /** Takes the journal's entries out, which makes the filesystem clean; part of a larger change. */
  public synchronized void withoutJournal(SuperblockEditor editor) {
    List<ReplicasSection.Entry> left =
        stored().stream().filter(entry -> entry.dataType() != JOURNAL).toList();
    store(editor, left);
    known.removeIf(entry -> entry.dataType() == JOURNAL);
  }

  /** Puts these entries into the section, in its order. */
  public static void store(SuperblockEditor editor, List<ReplicasSection.Entry> entries) {
    List<ReplicasSection.Entry> sorted = entries.stream().distinct().sorted(BY_BYTES).toList();
    int type = SectionType.REPLICAS.number();
    int bytes = new ReplicasSection(type, sorted, Bytes.EMPTY).encode().length();
    Bytes tail = Bytes.EMPTY.resized((8 - bytes % 8) % 8);
    editor.remove(SectionType.REPLICAS_V0);
    editor.section(new ReplicasSection(type, sorted, tail));
  }
}
