// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.edit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.Feature;

/**
 * The numbers in a whole superblock by name, flags and sections included; offsets are from its
 * start.
 *
 * <pre>
 *   version, seq, nr_devices, ...      the fixed part
 *   clean, meta_csum_type, ...         its flags
 *   feature.zstd, compat.alloc_info    its feature bits
 *   layout.nr_superblocks, ...         the layout inside
 *   member0.state, ext.flags0, ...     sections: their fields by name
 *   SECTION.u64s, SECTION.u32@N        any section: its length, a number at byte N of it
 * </pre>
 */
public final class SuperblockFields {
  private final MemorySegment bytes;
  private final List<NamedField> fields = new ArrayList<>();

  private SuperblockFields(MemorySegment bytes) {
    this.bytes = bytes;
  }

  /** All fields of a superblock, in the order of the bytes. */
  public static List<NamedField> of(MemorySegment superblock) {
    SuperblockFields all = new SuperblockFields(superblock);
    all.fixed();
    all.sections();
    return all.fields.stream().filter(f -> f.isWithin(superblock.byteSize())).toList();
  }

  /** A field by name; see {@link SuperblockFields}. */
  public static Optional<NamedField> find(MemorySegment superblock, String name) {
    List<NamedField> fields = of(superblock);
    int dot = name.indexOf('.');
    int at = name.indexOf('@');
    if (at < 0 || dot < 0 || dot > at) {
      return KeyEditor.find(fields, name, superblock.byteSize());
    }
    String section = name.substring(0, dot);
    long start =
        fields.stream()
            .filter(field -> field.name().equals(section + ".u64s"))
            .mapToLong(NamedField::at)
            .findFirst()
            .orElse(superblock.byteSize());
    return KeyEditor.find(List.of(), name.substring(dot + 1), superblock.byteSize() - start)
        .map(field -> new NamedField(name, start + field.at(), field.bytes(), field.bits()));
  }

  private void fixed() {
    fields.add(NamedField.u64("csum", Superblock.OFFSET_CSUM));
    fields.add(NamedField.u16("version", Superblock.OFFSET_VERSION));
    fields.add(NamedField.u16("version_min", Superblock.OFFSET_VERSION_MIN));
    fields.add(NamedField.u64("magic", Superblock.OFFSET_MAGIC));
    fields.add(NamedField.u64("uuid", Superblock.OFFSET_UUID));
    fields.add(NamedField.u64("user_uuid", Superblock.OFFSET_USER_UUID));
    fields.add(NamedField.u64("offset", Superblock.OFFSET_OFFSET));
    fields.add(NamedField.u64("seq", Superblock.OFFSET_SEQ));
    fields.add(NamedField.u16("block_size", Superblock.OFFSET_BLOCK_SIZE));
    fields.add(NamedField.u8("dev_idx", Superblock.OFFSET_DEV_IDX));
    fields.add(NamedField.u8("nr_devices", Superblock.OFFSET_NR_DEVICES));
    fields.add(NamedField.u32("u64s", Superblock.OFFSET_U64S));
    fields.add(NamedField.u64("time_base_lo", Superblock.OFFSET_TIME_BASE_LO));
    fields.add(NamedField.u32("time_base_hi", Superblock.OFFSET_TIME_BASE_HI));
    fields.add(NamedField.u32("time_precision", Superblock.OFFSET_TIME_PRECISION));
    for (SuperblockFlag flag : SuperblockFlag.values()) {
      long at = Superblock.OFFSET_FLAGS + 8L * flag.word();
      String name = flag.name().toLowerCase(Locale.ROOT);
      fields.add(NamedField.bits(name, at, Long.BYTES, flag.bits()));
    }
    fields.add(NamedField.u64("write_time", Superblock.OFFSET_WRITE_TIME));
    for (Feature feature : Feature.values()) {
      bit("feature." + feature, Superblock.OFFSET_FEATURES, feature.number());
    }
    for (CompatFeature feature : CompatFeature.values()) {
      bit("compat." + feature, Superblock.OFFSET_COMPAT, feature.number());
    }
    layout();
  }

  private void bit(String name, long at, int bit) {
    long word = at + 8L * (bit / Long.SIZE);
    int within = bit % Long.SIZE;
    fields.add(NamedField.bits(name, word, Long.BYTES, new BitRange(within, within + 1)));
  }

  private void layout() {
    long at = Superblock.OFFSET_LAYOUT;
    fields.add(NamedField.u64("layout.magic", at + SuperblockLayout.OFFSET_MAGIC));
    fields.add(NamedField.u8("layout.layout_type", at + SuperblockLayout.OFFSET_LAYOUT_TYPE));
    fields.add(
        NamedField.u8("layout.sb_max_size_bits", at + SuperblockLayout.OFFSET_SB_MAX_SIZE_BITS));
    fields.add(NamedField.u8("layout.nr_superblocks", at + SuperblockLayout.OFFSET_NR_SUPERBLOCKS));
    int copies = Le.u8(bytes, at + SuperblockLayout.OFFSET_NR_SUPERBLOCKS);
    for (int i = 0; i < Math.min(copies, SuperblockLayout.MAX_COPIES); i++) {
      long place = at + SuperblockLayout.OFFSET_SB_OFFSET + 8L * i;
      fields.add(NamedField.u64("layout.sb_offset" + i, place));
    }
  }

  private void sections() {
    long at = Superblock.OFFSET_SECTIONS;
    while (at + RawSection.HEADER_BYTES <= bytes.byteSize()) {
      long length = 8 * Integer.toUnsignedLong(Le.u32(bytes, at));
      if (length == 0 || length > bytes.byteSize() - at) {
        return;
      }
      int number = Le.u32(bytes, at + RawSection.OFFSET_TYPE);
      SectionType type = SectionType.of(number);
      String name = type == null ? "section" + Integer.toUnsignedString(number) : type.toString();
      fields.add(NamedField.u32(name + ".u64s", at + RawSection.OFFSET_U64S));
      fields.add(NamedField.u32(name + ".type", at + RawSection.OFFSET_TYPE));
      if (type != null) {
        SectionFields.addTo(fields, bytes, type, at, at + length);
      }
      at += length;
    }
  }
}
