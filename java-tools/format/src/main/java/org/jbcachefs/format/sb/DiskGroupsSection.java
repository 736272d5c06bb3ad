// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * The labels of devices, a tree: "ssd.fast" is the label "fast" whose parent is "ssd". Members and
 * targets name labels by index. Source: {@code struct bch_sb_field_disk_groups}, {@code struct
 * bch_disk_group}.
 *
 * @param tail bytes behind the last label
 */
public record DiskGroupsSection(List<Label> labels, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_BYTES = 48;
  public static final int ENTRY_OFFSET_LABEL = 0;
  public static final int ENTRY_OFFSET_FLAGS = 32;
  public static final int LABEL_BYTES = 32;

  public static final BitRange DELETED = new BitRange(0, 1);
  public static final BitRange DATA_ALLOWED = new BitRange(1, 6);
  public static final BitRange PARENT = new BitRange(6, 24);

  public static final DiskGroupsSection NONE = new DiskGroupsSection(List.of(), Bytes.EMPTY);

  /** Deeper trees are taken for loops. */
  private static final int MAX_DEPTH = 32;

  /**
   * One node of the tree.
   *
   * @param stored the label's 32 bytes, filled up with NULs
   * @param flags first word: deleted, data allowed, parent
   * @param moreFlags second word, unused
   */
  public record Label(Bytes stored, long flags, long moreFlags) {
    public String name() {
      return stored.text(0, LABEL_BYTES, UTF_8);
    }

    /** The stored bytes up to the first NUL. */
    Bytes unpadded() {
      int length = 0;
      while (length < stored.length() && stored.u8(length) != 0) {
        length++;
      }
      return stored.slice(0, length);
    }

    public boolean deleted() {
      return DELETED.isSet(flags);
    }

    /** Index of the parent, or -1 at the top. */
    public int parent() {
      return PARENT.getInt(flags) - 1;
    }
  }

  public DiskGroupsSection {
    labels = List.copyOf(labels);
  }

  static DiskGroupsSection parse(RawSection section, List<Member> members, Place place) {
    SectionReader in = new SectionReader(section, place);
    List<Label> labels = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    for (; in.end() - offset >= ENTRY_BYTES; offset += ENTRY_BYTES) {
      labels.add(
          new Label(
              in.slice(offset + ENTRY_OFFSET_LABEL, LABEL_BYTES),
              in.u64(offset + ENTRY_OFFSET_FLAGS),
              in.u64(offset + ENTRY_OFFSET_FLAGS + 8)));
    }
    checkLabels(labels, in);
    checkMembers(labels, members, in);
    return new DiskGroupsSection(labels, in.rest(offset));
  }

  private static void checkLabels(List<Label> labels, SectionReader in) {
    record Name(int parent, Bytes name) {}
    Set<Name> names = new HashSet<>();
    for (Label label : labels) {
      if (label.deleted()) {
        continue;
      }
      if (label.name().isEmpty()) {
        throw in.invalid("an empty label");
      }
      if (!names.add(new Name(label.parent(), label.unpadded()))) {
        throw in.invalid("two labels " + label.name() + " of one parent");
      }
    }
  }

  private static void checkMembers(List<Label> labels, List<Member> members, SectionReader in) {
    for (Member member : members) {
      int label = member.label();
      if (label >= 0 && (label >= labels.size() || labels.get(label).deleted())) {
        throw in.invalid(
            "device " + member.index() + " has label " + label + ", which there is not");
      }
    }
  }

  /** The whole label from the top, joined with dots; empty if there is none or it has a loop. */
  public Optional<String> path(int index) {
    List<String> names = new ArrayList<>();
    for (int at = index; at >= 0; at = labels.get(at).parent()) {
      if (at >= labels.size() || labels.get(at).deleted() || names.size() == MAX_DEPTH) {
        return Optional.empty();
      }
      names.add(labels.get(at).name());
    }
    return names.isEmpty() ? Optional.empty() : Optional.of(String.join(".", names.reversed()));
  }

  @Override
  public int type() {
    return SectionType.DISK_GROUPS.number();
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    labels.forEach(label -> out.bytes(label.stored).u64(label.flags).u64(label.moreFlags));
    return out.bytes(tail).done();
  }
}
