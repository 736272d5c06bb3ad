// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;

/**
 * Which sets of devices have data replicated across them, for each type of data; it decides what
 * can still be read when members are missing. Version 1.36 leaves file data out. Source: {@code
 * struct bch_sb_field_replicas_v0}, {@code struct bch_sb_field_replicas}.
 *
 * @param type {@link SectionType#REPLICAS_V0} or {@link SectionType#REPLICAS}, by number
 * @param tail zeros behind the last entry
 */
public record ReplicasSection(int type, List<Entry> entries, Bytes tail) implements Section {
  public static final int OFFSET_ENTRIES = 8;
  public static final int ENTRY_OFFSET_DATA_TYPE = 0;
  public static final int ENTRY_OFFSET_NR_DEVS = 1;
  public static final int V0_ENTRY_OFFSET_DEVS = 2;
  public static final int V1_ENTRY_OFFSET_NR_REQUIRED = 2;
  public static final int V1_ENTRY_OFFSET_DEVS = 3;

  public static final ReplicasSection NONE =
      new ReplicasSection(SectionType.REPLICAS.number(), List.of(), Bytes.EMPTY);

  /** More entries than that are no filesystem's; they would only fill the memory. */
  private static final int MAX_ENTRIES = 1 << 18;

  /**
   * One set of devices.
   *
   * @param dataType number of the type of data
   * @param required how many of the devices are needed to read it; 1 in the old section
   * @param devices device indexes; 255 stands for no device
   */
  public record Entry(int dataType, int required, List<Integer> devices) {
    public Entry {
      devices = List.copyOf(devices);
    }
  }

  public ReplicasSection {
    entries = List.copyOf(entries);
  }

  static ReplicasSection parse(RawSection section, List<Member> members, Place place) {
    SectionReader in = new SectionReader(section, place);
    boolean v0 = in.type() == SectionType.REPLICAS_V0.number();
    int header = v0 ? V0_ENTRY_OFFSET_DEVS : V1_ENTRY_OFFSET_DEVS;
    List<Entry> entries = new ArrayList<>();
    int offset = OFFSET_ENTRIES;
    while (offset < in.end() && in.u8(offset + ENTRY_OFFSET_DATA_TYPE) != 0) {
      if (in.end() - offset < header
          || in.end() - offset < header + in.u8(offset + ENTRY_OFFSET_NR_DEVS)) {
        throw in.invalid("the entry at byte " + offset + " does not fit into " + in.end());
      }
      int count = in.u8(offset + ENTRY_OFFSET_NR_DEVS);
      List<Integer> devices = new ArrayList<>(count);
      for (int device = 0; device < count; device++) {
        devices.add(in.u8(offset + header + device));
      }
      int required = v0 ? 1 : in.u8(offset + V1_ENTRY_OFFSET_NR_REQUIRED);
      Entry entry = new Entry(in.u8(offset + ENTRY_OFFSET_DATA_TYPE), required, devices);
      check(entry, members, in);
      entries.add(entry);
      if (entries.size() > MAX_ENTRIES) {
        throw in.invalid("more than " + MAX_ENTRIES + " entries");
      }
      offset += header + count;
    }
    return new ReplicasSection(in.type(), entries, in.rest(offset));
  }

  private static void check(Entry entry, List<Member> members, SectionReader in) {
    if (entry.devices.isEmpty()) {
      throw in.invalid("an entry without devices");
    }
    if (entry.required > 1 && entry.required >= entry.devices.size()) {
      throw in.invalid(entry.required + " of " + entry.devices.size() + " devices required");
    }
    for (int device : entry.devices) {
      boolean known = device < members.size() && members.get(device).exists();
      if (!known && device != Member.NO_DEVICE) {
        throw in.invalid("an entry with device " + device + ", which is no member");
      }
    }
  }

  /** Bits by data type's number of what lies on that device. */
  public int dataOn(int device) {
    int types = 0;
    for (Entry entry : entries) {
      if (entry.dataType < Integer.SIZE && entry.devices.contains(device)) {
        types |= 1 << entry.dataType;
      }
    }
    return types;
  }

  @Override
  public Bytes encode() {
    SectionWriter out = new SectionWriter();
    for (Entry entry : entries) {
      out.u8(entry.dataType).u8(entry.devices.size());
      if (type == SectionType.REPLICAS.number()) {
        out.u8(entry.required);
      }
      entry.devices.forEach(out::u8);
    }
    return out.bytes(tail).done();
  }
}
