// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc;

import java.util.List;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;

/**
 * What one member's space is used for.
 *
 * @param counts by data type's number
 * @param leavingSectors what is still to be moved off, of a device that is being emptied
 */
public record DeviceUsage(Member member, List<Counts> counts, long leavingSectors) {
  /**
   * Buckets of one type.
   *
   * @param sectors live sectors in them
   * @param fragmented sectors in them that are not live
   */
  public record Counts(long buckets, long sectors, long fragmented) {
    static final Counts NONE = new Counts(0, 0, 0);
  }

  public DeviceUsage {
    counts = List.copyOf(counts);
  }

  public Counts of(DataType type) {
    return counts.get(type.number());
  }

  /** Space that buckets of that type take: live sectors, or whole buckets of empty ones. */
  public long sectors(DataType type) {
    return type.isEmpty() ? of(type).buckets() * member.bucketSectors() : of(type).sectors();
  }

  public long capacitySectors() {
    return member.nbuckets() * member.bucketSectors();
  }

  /** Buckets that hold data of people's, or metadata about it. */
  public long usedBuckets() {
    long used = 0;
    for (DataType type : DataType.values()) {
      used += type.isEmpty() || type.isHidden() ? 0 : of(type).buckets();
    }
    return used;
  }

  /** Live sectors of superblocks and the journal. */
  public long hiddenSectors() {
    return of(DataType.SB).sectors() + of(DataType.JOURNAL).sectors();
  }

  /** Live sectors of all types. */
  public long usedSectors() {
    long used = 0;
    for (DataType type : DataType.values()) {
      used += type == DataType.UNSTRIPED ? 0 : of(type).sectors();
    }
    return used;
  }

  /** Share of the buckets that are in use. */
  public int usedPercent() {
    return (int) (usedBuckets() * 100 / member.nbuckets());
  }
}
