// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.IopsMeasurement;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MetadataVersion;

/** A superblock as JSON: everything that is known, names and numbers. */
public final class SuperblockJson {
  private final Superblock superblock;
  private final MemberNames names;

  public SuperblockJson(Superblock superblock, MemberNames names) {
    this.superblock = superblock;
    this.names = names;
  }

  /** Writes one object. */
  public void write(JsonWriter json) {
    json.beginObject();
    content(json);
    json.endObject();
  }

  /** The fields of that object alone. */
  void content(JsonWriter json) {
    identity(json);
    versions(json);
    state(json);
    layout(json);
    options(json.key("options"));
    members(json.key("members"));
    sections(json.key("sections"));
  }

  private void identity(JsonWriter json) {
    json.field("user_uuid", superblock.userUuid().toString())
        .field("internal_uuid", superblock.internalUuid().toString())
        .field("magic", superblock.magic().toString())
        .field("label", superblock.label().isEmpty() ? null : superblock.label())
        .field("device_index", superblock.deviceIndex())
        .field("devices", superblock.memberCount())
        .field("device", superblock.place().device())
        .field("sector", superblock.offsetSector());
  }

  private void versions(JsonWriter json) {
    version(json, "version", superblock.version());
    version(json, "version_min", superblock.versionMin());
    version(json, "version_incompat", superblock.versionIncompat());
    version(json, "version_incompat_allowed", superblock.versionIncompatAllowed());
    version(
        json,
        "version_upgrade_complete",
        (int) superblock.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE));
  }

  static void version(JsonWriter json, String key, int number) {
    MetadataVersion known = MetadataVersion.of(number);
    json.beginObject(key)
        .field("name", known == null ? null : known.toString())
        .field("major", MetadataVersion.major(number))
        .field("minor", MetadataVersion.minor(number))
        .endObject();
  }

  private void state(JsonWriter json) {
    json.unsigned("seq", superblock.seq())
        .field("write_time", superblock.writeTime())
        .unsigned("time_base_nanoseconds", superblock.timeBaseLo())
        .field("time_precision_nanoseconds", superblock.timePrecision())
        .field("clean", superblock.clean())
        .field("encrypted", superblock.encrypted())
        .field("size_bytes", superblock.sizeBytes())
        .field("max_size_bytes", superblock.layout().maxBytes());
    strings(
        json,
        "features",
        FlagNames.list(FlagNames.names(Feature.values()), superblock.features()[0]));
    strings(
        json,
        "compat_features",
        FlagNames.list(FlagNames.names(CompatFeature.values()), superblock.compat()[0]));
  }

  private void layout(JsonWriter json) {
    json.beginArray("superblock_sectors");
    superblock.layout().sectors().forEach(json::unsigned);
    json.endArray();
  }

  private void options(JsonWriter json) {
    json.beginObject();
    for (FilesystemOption option : FilesystemOption.values()) {
      superblock.option(option).ifPresent(value -> option(json, option, value));
    }
    json.endObject();
  }

  private void option(JsonWriter json, FilesystemOption option, long value) {
    switch (option.kind()) {
      case BOOL -> json.field(option.toString(), value != 0);
      case NUMBER, SIZE -> json.unsigned(option.toString(), value);
      case CHOICE, BITS, COMPRESSION, TARGET, LABEL, TEXT ->
          json.field(option.toString(), OptionText.value(superblock, option, value));
    }
  }

  private void members(JsonWriter json) {
    json.beginArray();
    for (Member member : superblock.members()) {
      if (member.exists()) {
        member(json, member);
      }
    }
    json.endArray();
  }

  private void member(JsonWriter json, Member member) {
    json.beginObject()
        .field("index", member.index())
        .field("path", names.paths().get(member.index()))
        .field("uuid", member.uuid().toString())
        .field("label", superblock.diskGroups().path(member.label()).orElse(null))
        .field("state", member.state() == null ? null : member.state().toString())
        .field("buckets", member.nbuckets())
        .field("first_bucket", member.firstBucket())
        .field("bucket_bytes", (long) member.bucketSectors() << 9)
        .field("durability", member.durability())
        .field("discard", Member.DISCARD.isSet(member.flags()))
        .field("rotational", Member.ROTATIONAL.isSet(member.flags()))
        .field("freespace_initialized", Member.FREESPACE_INITIALIZED.isSet(member.flags()))
        .field("resize_on_mount", Member.RESIZE_ON_MOUNT.isSet(member.flags()))
        .field("last_mount", member.lastMount() == 0 ? null : member.lastMount())
        .unsigned("seq", member.seq());
    strings(json, "data_allowed", dataTypes(member.dataAllowed()));
    strings(json, "has_data", dataTypes(superblock.replicas().dataOn(member.index())));
    memberCounts(json, member);
    json.endObject();
  }

  private static void memberCounts(JsonWriter json, Member member) {
    json.beginObject("errors");
    for (MemberError kind : MemberError.values()) {
      json.unsigned(kind.toString(), member.errors(kind));
    }
    json.endObject().beginObject("iops");
    for (IopsMeasurement kind : IopsMeasurement.values()) {
      json.field(kind.toString(), Integer.toUnsignedLong(member.iops(kind)));
    }
    json.endObject()
        .unsigned("flush_errors", member.flushErrors())
        .field("btree_bitmap_block_sectors", 1L << member.btreeBitmapShift())
        .field("btree_bitmap", Long.toHexString(member.btreeAllocatedBitmap()))
        .field("device_name", member.deviceName())
        .field("device_model", member.deviceModel())
        .field("device_serial", member.deviceSerial())
        .field("failure_domain", member.failureDomain());
  }

  private static java.util.List<String> dataTypes(int bits) {
    return FlagNames.list(FlagNames.names(DataType.values()), bits);
  }

  private void sections(JsonWriter json) {
    SectionJson sections = new SectionJson();
    json.beginArray();
    for (RawSection section : superblock.sections()) {
      json.beginObject()
          .field("type", Integer.toUnsignedLong(section.type()))
          .field("name", section.name())
          .field("size_bytes", section.totalBytes());
      sections.content(json, superblock.decode(section));
      json.endObject();
    }
    json.endArray();
  }

  static void strings(JsonWriter json, String key, Iterable<String> values) {
    json.beginArray(key);
    values.forEach(json::value);
    json.endArray();
  }
}
