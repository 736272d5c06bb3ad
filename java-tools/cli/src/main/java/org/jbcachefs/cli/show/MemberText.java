// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.IopsMeasurement;
import org.jbcachefs.format.tables.MemberError;

/** One member of a superblock as the reference shows it. */
final class MemberText {
  private final Superblock superblock;
  private final CalendarTime time;

  MemberText(Superblock superblock, CalendarTime time) {
    this.superblock = superblock;
    this.time = time;
  }

  void append(FieldLines out, Member member) {
    long bucketBytes = (long) member.bucketSectors() << 9;
    out.field("Label:", OptionText.label(superblock, member.label()));
    out.field("UUID:", member.uuid());
    out.field("Size:", Units.human(member.nbuckets() * bucketBytes));
    for (MemberError kind : MemberError.values()) {
      out.unsigned(kind + " errors:", member.errors(kind));
    }
    for (IopsMeasurement kind : IopsMeasurement.values()) {
      out.field(kind + " iops:", Integer.toUnsignedString(member.iops(kind)));
    }
    out.field("Bucket size:", Units.human(bucketBytes));
    out.field("First bucket:", member.firstBucket());
    out.unsigned("Buckets:", member.nbuckets());
    long lastMount = member.lastMount();
    out.field("Last mount:", lastMount == 0 ? "(never)" : time.text(lastMount));
    out.unsigned("Last superblock write:", member.seq());
    appendUse(out, member);
  }

  private void appendUse(FieldLines out, Member member) {
    int has = superblock.replicas().dataOn(member.index());
    out.field("State:", member.state() == null ? "unknown" : member.state());
    out.field(
        "Data allowed:",
        FlagNames.orNone(FlagNames.names(DataType.values()), member.dataAllowed()));
    out.field("Has data:", FlagNames.orNone(FlagNames.names(DataType.values()), has));
    out.field("Rotational:", Member.ROTATIONAL.get(member.flags()));
    out.field("Btree allocated bitmap blocksize:", Units.human(1L << member.btreeBitmapShift()));
    out.field("Btree allocated bitmap:", binary(member.btreeAllocatedBitmap()));
    out.field("Durability:", member.durability());
    out.field("Discard:", Member.DISCARD.get(member.flags()));
    out.field("Freespace initialized:", Member.FREESPACE_INITIALIZED.get(member.flags()));
    out.field("Resize on mount:", Member.RESIZE_ON_MOUNT.get(member.flags()));
    out.field("Last device name:", member.deviceName());
    out.field("Last device model:", member.deviceModel());
    out.field("Last device serial:", member.deviceSerial());
    if (member.flushErrors() != 0) {
      out.unsigned("Flush errors:", member.flushErrors());
    }
  }

  /** All 64 bits, the highest first. */
  private static String binary(long bits) {
    String digits = Long.toBinaryString(bits);
    return "0".repeat(Long.SIZE - digits.length()) + digits;
  }
}
