// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.top;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.recovery.FilesystemView;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.sb.CountersSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What a filesystem has counted at some moment. Immutable.
 *
 * @param filesystem its user-visible UUID
 * @param total since it was made, by counter
 * @param mounted since it was mounted
 * @param devices those with any traffic
 */
record ActivitySample(
    UUID filesystem,
    Map<PersistentCounter, Long> total,
    Map<PersistentCounter, Long> mounted,
    List<Traffic> devices) {
  /** Bytes of one type of data, since the filesystem was mounted. */
  record Traffic(String path, String type, long read, long written) {
    boolean isOf(Traffic other) {
      return path.equals(other.path) && type.equals(other.type);
    }
  }

  static ActivitySample of(FilesystemView filesystem) {
    DeviceSet devices = filesystem.devices();
    Activity activity = devices.activity();
    Superblock superblock = filesystem.superblock();
    CountersSection stored =
        superblock
            .section(SectionType.COUNTERS)
            .map(section -> (CountersSection) superblock.decode(section))
            .orElse(null);
    Map<PersistentCounter, Long> total = new EnumMap<>(PersistentCounter.class);
    Map<PersistentCounter, Long> mounted = new EnumMap<>(PersistentCounter.class);
    for (PersistentCounter counter : PersistentCounter.values()) {
      long before = stored == null ? 0 : stored.value(counter).orElse(0);
      total.put(counter, before + activity.notStored(counter));
      mounted.put(counter, activity.counted(counter));
    }
    List<Traffic> traffic = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      for (DataType type : DataType.values()) {
        long read = activity.bytesRead(type, index);
        long written = activity.bytesWritten(type, index);
        if (read != 0 || written != 0) {
          traffic.add(new Traffic(devices.name(index), type.toString(), read, written));
        }
      }
    }
    return new ActivitySample(superblock.userUuid(), total, mounted, traffic);
  }

  void write(JsonWriter json) {
    json.beginObject().beginObject("counters");
    for (PersistentCounter counter : PersistentCounter.values()) {
      json.beginObject(counter.toString());
      json.unsigned("total", total.get(counter)).field("mount", mounted.get(counter));
      json.endObject();
    }
    json.endObject().beginArray("devices");
    for (Traffic of : devices) {
      json.beginObject().field("path", of.path).field("data_type", of.type);
      json.field("read", of.read).field("written", of.written).endObject();
    }
    json.endArray().endObject();
  }

  /** What {@link #write} wrote, in its envelope. */
  static ActivitySample parse(JsonNode envelope) {
    JsonNode data = envelope.path("data");
    Map<PersistentCounter, Long> total = new EnumMap<>(PersistentCounter.class);
    Map<PersistentCounter, Long> mounted = new EnumMap<>(PersistentCounter.class);
    for (PersistentCounter counter : PersistentCounter.values()) {
      JsonNode values = data.path("counters").path(counter.toString());
      total.put(counter, values.path("total").bigIntegerValue().longValue());
      mounted.put(counter, values.path("mount").asLong());
    }
    List<Traffic> devices = new ArrayList<>();
    for (JsonNode of : data.path("devices")) {
      devices.add(
          new Traffic(
              of.path("path").asText(),
              of.path("data_type").asText(),
              of.path("read").asLong(),
              of.path("written").asLong()));
    }
    UUID filesystem = UUID.fromString(envelope.path("filesystem").asText());
    return new ActivitySample(filesystem, total, mounted, devices);
  }

  /** The same kind of traffic in another sample; nothing if there was none yet. */
  Traffic like(Traffic one) {
    return devices.stream()
        .filter(one::isOf)
        .findFirst()
        .orElseGet(() -> new Traffic(one.path, one.type, 0, 0));
  }
}
