// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * The members, one entry for each device index. Source: {@code struct bch_sb_field_members_v1},
 * {@code struct bch_sb_field_members_v2}.
 *
 * @param type {@link SectionType#MEMBERS_V1} or {@link SectionType#MEMBERS_V2}, by number
 * @param memberBytes size of each entry; 56 in the old section
 * @param pad of the new section, behind the size
 * @param tail bytes behind the last member
 */
public record MembersSection(int type, int memberBytes, Bytes pad, List<Member> members, Bytes tail)
    implements Section {
  public static final int V1_OFFSET_MEMBERS = 8;
  public static final int V2_OFFSET_MEMBER_BYTES = 8;
  public static final int V2_OFFSET_PAD = 10;
  public static final int V2_OFFSET_MEMBERS = 16;

  public MembersSection {
    members = List.copyOf(members);
  }

  /** {@code count} is the superblock's number of device indexes. */
  static MembersSection parse(RawSection section, int count, Place place) {
    SectionReader in = new SectionReader(section, place);
    boolean v2 = in.type() == SectionType.MEMBERS_V2.number();
    int start = v2 ? V2_OFFSET_MEMBERS : V1_OFFSET_MEMBERS;
    in.requireBytes(start);
    int memberBytes = v2 ? in.u16(V2_OFFSET_MEMBER_BYTES) : Member.V1_BYTES;
    int end = start + memberBytes * count;
    if (memberBytes < Member.V1_BYTES || end > in.end()) {
      throw in.invalid(count + " members of " + memberBytes + " bytes do not fit into " + in.end());
    }
    List<Member> members = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      members.add(Member.of(index, in.slice(start + index * memberBytes, memberBytes)));
    }
    Bytes pad = v2 ? in.slice(V2_OFFSET_PAD, V2_OFFSET_MEMBERS - V2_OFFSET_PAD) : Bytes.EMPTY;
    return new MembersSection(in.type(), memberBytes, pad, members, in.rest(end));
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    if (type == SectionType.MEMBERS_V2.number()) {
      out.u16(memberBytes).bytes(pad);
    }
    members.forEach(member -> out.bytes(member.stored()));
    return out.bytes(tail).done();
  }
}
