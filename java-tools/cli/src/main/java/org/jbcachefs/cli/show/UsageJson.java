// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.show;

import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.alloc.DeviceUsage;
import org.jbcachefs.engine.alloc.FilesystemUsage;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.ReconcileWork;

/** Usage of space as JSON, in bytes. */
final class UsageJson {
  private final Superblock superblock;
  private final FilesystemUsage usage;
  private final MemberNames names;

  UsageJson(Superblock superblock, FilesystemUsage usage, MemberNames names) {
    this.superblock = superblock;
    this.usage = usage;
    this.names = names;
  }

  void write(JsonWriter json) {
    json.beginObject();
    bytes(json, "size_bytes", usage.capacity());
    bytes(json, "used_bytes", usage.used());
    replicas(json);
    compression(json);
    btrees(json);
    work(json);
    devices(json);
    json.endObject();
  }

  private static void bytes(JsonWriter json, String key, long sectors) {
    json.field(key, sectors << 9);
  }

  private void replicas(JsonWriter json) {
    json.beginArray("reserved");
    for (FilesystemUsage.Reserved reserved : usage.reserved()) {
      json.beginObject().field("replicas", reserved.replicas());
      bytes(json, "bytes", reserved.sectors());
      json.endObject();
    }
    json.endArray().beginArray("replicas");
    for (FilesystemUsage.Replicas set : usage.replicas()) {
      json.beginObject()
          .field("data_type", DataType.nameOf(set.dataType()))
          .field("required", set.required())
          .beginArray("devices");
      set.devices().forEach(device -> json.value((long) device));
      json.endArray();
      bytes(json, "bytes", set.sectors());
      json.endObject();
    }
    json.endArray();
  }

  private void compression(JsonWriter json) {
    json.beginArray("compression");
    for (FilesystemUsage.Compressed compressed : usage.compression()) {
      json.beginObject()
          .field("type", CompressionType.nameOf(compressed.type()))
          .field("extents", compressed.extents());
      bytes(json, "compressed_bytes", compressed.compressedSectors());
      bytes(json, "uncompressed_bytes", compressed.uncompressedSectors());
      json.endObject();
    }
    json.endArray();
  }

  private void btrees(JsonWriter json) {
    json.beginObject("btrees");
    for (FilesystemUsage.Btree btree : usage.btrees()) {
      bytes(json, BtreeId.nameOf(btree.btree()), btree.sectors());
    }
    json.endObject();
  }

  private void work(JsonWriter json) {
    bytes(json, "rebalance_bytes", usage.rebalance());
    json.beginArray("reconcile");
    for (FilesystemUsage.Reconcile work : usage.reconcile()) {
      ReconcileWork reason = ReconcileWork.of(work.reason());
      json.beginObject().field("reason", reason == null ? null : reason.toString());
      bytes(json, "data_bytes", work.dataSectors());
      bytes(json, "metadata_bytes", work.metadataSectors());
      json.endObject();
    }
    json.endArray();
  }

  private void devices(JsonWriter json) {
    json.beginArray("devices");
    for (DeviceUsage device : usage.devices()) {
      json.beginObject()
          .field("index", device.member().index())
          .field("path", names.paths().get(device.member().index()))
          .field("label", superblock.diskGroups().path(device.member().label()).orElse(null))
          .field(
              "state", device.member().state() == null ? null : device.member().state().toString())
          .field("buckets", device.member().nbuckets());
      bytes(json, "bucket_bytes", device.member().bucketSectors());
      bytes(json, "capacity_bytes", device.capacitySectors());
      bytes(json, "leaving_bytes", device.leavingSectors());
      json.beginObject("data_types");
      for (DataType type : DataType.values()) {
        json.beginObject(type.toString()).field("buckets", device.of(type).buckets());
        bytes(json, "bytes", device.sectors(type));
        bytes(json, "fragmented_bytes", device.of(type).fragmented());
        json.endObject();
      }
      json.endObject().endObject();
    }
    json.endArray();
  }
}
