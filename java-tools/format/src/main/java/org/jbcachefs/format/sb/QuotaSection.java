// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Grace times of quotas: for users, groups and projects, each for space and inodes. Source: {@code
 * struct bch_sb_field_quota}.
 *
 * @param types by quota type: user, group, project
 * @param tail bytes behind what is known
 */
public record QuotaSection(List<Type> types, Bytes tail) implements Section {
  public static final int OFFSET_TYPES = 8;
  public static final int TYPE_BYTES = 24;
  public static final int TYPE_OFFSET_FLAGS = 0;
  public static final int TYPE_OFFSET_COUNTERS = 8;
  public static final int COUNTER_BYTES = 8;
  public static final int COUNTER_OFFSET_TIMELIMIT = 0;
  public static final int COUNTER_OFFSET_WARNLIMIT = 4;
  public static final int TYPE_COUNT = 3;
  public static final int COUNTER_COUNT = 2;

  /**
   * One type of quota.
   *
   * @param counters by counter: space, inodes
   */
  public record Type(long flags, List<Counter> counters) {
    public Type {
      counters = List.copyOf(counters);
    }
  }

  /**
   * Limits of one counter.
   *
   * @param timelimit seconds, unsigned
   * @param warnlimit number of warnings, unsigned
   */
  public record Counter(int timelimit, int warnlimit) {}

  public QuotaSection {
    types = List.copyOf(types);
  }

  static QuotaSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    int end = OFFSET_TYPES + TYPE_COUNT * TYPE_BYTES;
    in.requireBytes(end);
    List<Type> types = new ArrayList<>();
    for (int offset = OFFSET_TYPES; offset < end; offset += TYPE_BYTES) {
      List<Counter> counters = new ArrayList<>();
      for (int counter = 0; counter < COUNTER_COUNT; counter++) {
        int at = offset + TYPE_OFFSET_COUNTERS + counter * COUNTER_BYTES;
        counters.add(
            new Counter(
                in.u32(at + COUNTER_OFFSET_TIMELIMIT), in.u32(at + COUNTER_OFFSET_WARNLIMIT)));
      }
      types.add(new Type(in.u64(offset + TYPE_OFFSET_FLAGS), counters));
    }
    return new QuotaSection(types, in.rest(end));
  }

  @Override
  public int type() {
    return SectionType.QUOTA.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    for (Type type : types) {
      out.u64(type.flags);
      type.counters.forEach(counter -> out.u32(counter.timelimit).u32(counter.warnlimit));
    }
    return out.bytes(tail).done();
  }
}
