// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.sb;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.repair.Repair;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.engine.repair.RepairStage;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.JournalBucketSearch;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.FsckError;

/**
 * Superblocks that name no journal any more, or the wrong buckets: without a journal nothing can be
 * changed, and what is written into the wrong one overwrites what lies there. Buckets in which
 * something else lies go out of it, unless they begin with a journal entry; where no bucket that is
 * named begins with one, those that do are the journal again.
 *
 * <p>That is done before the filesystem is opened to be repaired, so it stands beside the table of
 * repairs, which has others for the same errors; what was found with the wrong journal is looked
 * for again afterwards.
 */
public final class RepairJournalPlace implements Repair {
  private static final Set<FsckError> ERRORS =
      Collections.unmodifiableSet(
          EnumSet.of(
              FsckError.PTR_BUCKET_DATA_TYPE_MISMATCH,
              FsckError.DIRTY_BUT_NO_JOURNAL_ENTRIES,
              FsckError.DIRTY_BUT_NO_JOURNAL_ENTRIES_POST_DROP_NONFLUSHES));

  private final SuperblockWriter writer;
  private final DeviceSet devices;

  /** What members' journals are to be, where that is not what their superblocks say. */
  private final Map<Integer, List<Long>> changed = new TreeMap<>();

  private RepairJournalPlace(SuperblockWriter writer, DeviceSet devices) {
    this.writer = writer;
    this.devices = devices;
  }

  /**
   * Puts the journals right, if they are wrong.
   *
   * @param found what is to be repaired
   * @param told told of this repair and of what it mends, before it does
   * @return whether anything was changed
   */
  public static boolean mend(
      SuperblockWriter writer,
      DeviceSet devices,
      List<CheckFinding> found,
      BiConsumer<Repair, List<CheckFinding>> told) {
    RepairJournalPlace repair = new RepairJournalPlace(writer, devices);
    List<CheckFinding> concerned = repair.look(found);
    if (repair.changed.isEmpty()) {
      return false;
    }
    told.accept(repair, concerned);
    repair.write();
    return true;
  }

  /** Finds out what the journals are; the findings that this is about. */
  private List<CheckFinding> look(List<CheckFinding> found) {
    List<CheckFinding> concerned = new ArrayList<>();
    List<CheckFinding> unread = new ArrayList<>();
    List<CheckFinding> contests = new ArrayList<>();
    for (CheckFinding finding : found) {
      if (finding.error() == FsckError.PTR_BUCKET_DATA_TYPE_MISMATCH && finding.pos() != null) {
        contests.add(finding);
      } else if (ERRORS.contains(finding.error())) {
        unread.add(finding);
      }
    }
    for (int device : members()) {
      withoutOthers(device, contests, concerned);
    }
    boolean named = members().stream().anyMatch(device -> named(device).length > 0);
    if ((!named || !changed.isEmpty() || !unread.isEmpty()) && !isWritten()) {
      members().forEach(this::search);
      concerned.addAll(unread);
    }
    return concerned;
  }

  private List<Integer> members() {
    return IntStream.range(0, devices.size())
        .filter(index -> devices.member(index) != null && devices.device(index) != null)
        .boxed()
        .toList();
  }

  private long[] named(int device) {
    return devices.superblockOf(device).journalBuckets().buckets();
  }

  /** Takes out what something else lies in. */
  private void withoutOthers(
      int device, List<CheckFinding> contests, List<CheckFinding> concerned) {
    Set<Long> left = new LinkedHashSet<>(LongStream.of(named(device)).boxed().toList());
    Set<Long> journal = Set.copyOf(left);
    for (CheckFinding contest : contests) {
      long bucket = contest.pos().offset();
      boolean contested = contest.pos().inode() == device && journal.contains(bucket);
      if (contested && !begins(device, bucket)) {
        concerned.add(contest);
        left.remove(bucket);
      }
    }
    if (left.size() < journal.size()) {
      changed.put(device, List.copyOf(left));
    }
  }

  /** Whether any bucket that is named begins with an entry. */
  private boolean isWritten() {
    return members().stream()
        .anyMatch(
            device -> LongStream.of(named(device)).anyMatch(bucket -> begins(device, bucket)));
  }

  private boolean begins(int device, long bucket) {
    return JournalBucketSearch.begins(
        devices.device(device), bucketSectors(device), bucket, writer.current().magicWord());
  }

  private int bucketSectors(int device) {
    return devices.member(device).bucketSectors();
  }

  private void search(int device) {
    List<Long> buckets =
        JournalBucketSearch.run(
            devices.device(device), bucketSectors(device), writer.current().magicWord());
    if (!buckets.isEmpty()) {
      changed.put(device, buckets);
    }
  }

  private void write() {
    writer.update(
        new SuperblockWriter.Change() {
          @Override
          public void apply(SuperblockEditor editor) {
            // The journal is each device's own.
          }

          @Override
          public void applyTo(int device, SuperblockEditor editor) {
            if (changed.containsKey(device)) {
              editor.remove(SectionType.JOURNAL);
              editor.section(JournalBucketSearch.section(changed.get(device)));
            }
          }
        });
  }

  @Override
  public Set<FsckError> errors() {
    return ERRORS;
  }

  @Override
  public RepairStage stage() {
    return RepairStage.TOPOLOGY;
  }

  @Override
  public String what(FsckError error) {
    return "have the journal again where its entries are, and nowhere where something else is";
  }

  @Override
  public void run(RepairContext context, List<CheckFinding> findings) {
    // The journal is in use already.
  }
}
