// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryText;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;

/** Says what lies where in the structures that are damaged. */
final class Samples {
  private Samples() {}

  /** A superblock, valid or not, whose sections' lengths lead to its end. */
  static Sample superblock(byte[] bytes) {
    List<Region> regions = new ArrayList<>();
    regions.add(
        new Region("superblock header", Superblock.OFFSET_VERSION, Superblock.OFFSET_FLAGS));
    regions.add(new Region("superblock flags", Superblock.OFFSET_FLAGS, Superblock.OFFSET_LAYOUT));
    regions.add(
        new Region(
            "superblock layout",
            Superblock.OFFSET_LAYOUT,
            Superblock.OFFSET_LAYOUT + SuperblockLayout.BYTES));
    MemorySegment segment = MemorySegment.ofArray(bytes);
    int at = Superblock.OFFSET_SECTIONS;
    while (at + RawSection.HEADER_BYTES <= bytes.length) {
      int body = at + RawSection.HEADER_BYTES;
      int end = at + 8 * Math.max(1, Le.u32(segment, at + RawSection.OFFSET_U64S));
      regions.add(new Region("superblock section header", at, body));
      if (body < end) {
        SectionType type = SectionType.of(Le.u32(segment, at + RawSection.OFFSET_TYPE));
        regions.add(new Region("section " + type, body, end));
      }
      at = end;
    }
    return new Sample(bytes, regions);
  }

  /** A jset that lies there decrypted. */
  static Sample jset(Jset jset) {
    byte[] bytes =
        jset.segment().asSlice(jset.offset(), jset.bytes()).toArray(ValueLayout.JAVA_BYTE);
    List<Region> regions = new ArrayList<>();
    regions.add(new Region("jset header", Jset.OFFSET_MAGIC, Jset.BYTES));
    JsetEntry entry = new JsetEntry().over(MemorySegment.ofArray(bytes), Jset.BYTES, bytes.length);
    while (entry.next()) {
      int at = (int) entry.offset();
      regions.add(new Region("jset entry header", at, at + JsetEntry.BYTES));
      if (entry.dataBytes() > 0) {
        int data = (int) entry.dataOffset();
        regions.add(
            new Region(
                "jset entry " + JsetEntryText.nameOf(entry.type()),
                data,
                data + entry.dataBytes()));
      }
    }
    return new Sample(bytes, regions);
  }

  /** A node as it lies on the device, as far as it is written. */
  static Sample node(byte[] bytes, DecodedNode decoded) {
    List<Region> regions = new ArrayList<>();
    regions.add(
        new Region("node header", BtreeNodeLayout.OFFSET_MAGIC, BtreeNodeLayout.OFFSET_FORMAT));
    regions.add(
        new Region("node key format", BtreeNodeLayout.OFFSET_FORMAT, BtreeNodeLayout.OFFSET_BSET));
    for (DecodedNode.BsetInfo bset : decoded.bsetInfos()) {
      boolean first = bset.offset() == 0;
      int header =
          bset.offset() + (first ? BtreeNodeLayout.OFFSET_BSET : BtreeNodeEntryLayout.OFFSET_BSET);
      int keys = header + BsetLayout.BYTES;
      regions.add(new Region("bset header", header, keys));
      if (!first) {
        regions.add(new Region("node entry header", bset.offset(), header));
      }
      if (bset.end() > keys) {
        regions.add(new Region("bset keys", keys, bset.end()));
      }
    }
    return new Sample(bytes, regions);
  }

  /** A key, unpacked, header and value. */
  static Sample key(Bkey key) {
    byte[] bytes = new byte[Bkey.BYTES + key.valueBytes()];
    key.writeUnpacked(MemorySegment.ofArray(bytes), 0);
    List<Region> regions = new ArrayList<>();
    regions.add(new Region("key header", Bkey.OFFSET_TYPE + 1, Bkey.BYTES));
    if (key.valueBytes() > 0) {
      regions.add(new Region("value " + KeyType.nameOf(key.type()), Bkey.BYTES, bytes.length));
      addExtentEntries(bytes, regions);
    }
    return new Sample(bytes, regions);
  }

  private static void addExtentEntries(byte[] bytes, List<Region> regions) {
    Bkey key = new Bkey().readUnpacked(MemorySegment.ofArray(bytes), 0);
    ExtentEntries entries = new ExtentEntries().of(key, ExtentEntrySizes.KNOWN);
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      int at = (int) entries.entryOffset();
      regions.add(new Region("extent entry " + type, at, at + entries.entryBytes()));
    }
  }
}
