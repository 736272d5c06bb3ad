// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.top;

import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.cli.show.Units;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * What was done between two samples.
 *
 * @param seconds between them
 */
record ActivityFrame(ActivitySample before, ActivitySample now, double seconds) {
  private static final int NAME = 42;
  private static final int NUMBER = 15;
  private static final int SECTOR_SHIFT = 9;

  /** Counters that have counted anything since mounting, and devices with any traffic. */
  void print(TextWriter out, boolean human) {
    out.left("counters:", NAME);
    out.right("a second", NUMBER).right("total", NUMBER).right("mount", NUMBER).println();
    for (PersistentCounter counter : PersistentCounter.values()) {
      if (now.mounted().get(counter) != 0) {
        boolean bytes = counter.countsSectors();
        out.left("  " + counter, NAME);
        out.right(text(rate(bytes(counter, done(counter))), human), NUMBER);
        out.right(text(bytes(counter, now.total().get(counter)), human), NUMBER);
        out.right(text(bytes(counter, now.mounted().get(counter)), human), NUMBER);
        out.println(bytes ? " B" : "");
      }
    }
    if (now.devices().isEmpty()) {
      return;
    }
    out.println();
    out.left("devices, in bytes:", NAME);
    out.right("read a second", NUMBER).right("read", NUMBER);
    out.right("written a sec.", NUMBER).right("written", NUMBER).println();
    for (ActivitySample.Traffic traffic : now.devices()) {
      ActivitySample.Traffic was = before.like(traffic);
      out.left("  " + traffic.path() + " " + traffic.type(), NAME);
      out.right(text(rate(since(was.read(), traffic.read())), human), NUMBER);
      out.right(text(traffic.read(), human), NUMBER);
      out.right(text(rate(since(was.written(), traffic.written())), human), NUMBER);
      out.right(text(traffic.written(), human), NUMBER).println();
    }
  }

  void write(JsonWriter json) {
    json.beginObject().field("seconds", seconds).beginArray("counters");
    for (PersistentCounter counter : PersistentCounter.values()) {
      if (now.mounted().get(counter) != 0) {
        json.beginObject().field("name", counter.toString());
        json.field("unit", counter.countsSectors() ? "bytes" : "events");
        json.field("per_second", rate(bytes(counter, done(counter))));
        json.unsigned("total", bytes(counter, now.total().get(counter)));
        json.field("mount", bytes(counter, now.mounted().get(counter))).endObject();
      }
    }
    json.endArray().beginArray("devices");
    for (ActivitySample.Traffic traffic : now.devices()) {
      ActivitySample.Traffic was = before.like(traffic);
      json.beginObject().field("path", traffic.path()).field("data_type", traffic.type());
      json.field("read_bytes_per_second", rate(since(was.read(), traffic.read())));
      json.field("read_bytes", traffic.read());
      json.field("written_bytes_per_second", rate(since(was.written(), traffic.written())));
      json.field("written_bytes", traffic.written()).endObject();
    }
    json.endArray().endObject();
  }

  private long done(PersistentCounter counter) {
    return since(before.mounted().get(counter), now.mounted().get(counter));
  }

  /** Whoever was mounted anew between two samples has begun to count anew. */
  private static long since(long before, long now) {
    return now >= before ? now - before : now;
  }

  private static long bytes(PersistentCounter counter, long amount) {
    return counter.countsSectors() ? amount << SECTOR_SHIFT : amount;
  }

  private long rate(long amount) {
    return Math.round(amount / seconds);
  }

  private static String text(long number, boolean human) {
    return human ? Units.human(number) : Long.toUnsignedString(number);
  }
}
