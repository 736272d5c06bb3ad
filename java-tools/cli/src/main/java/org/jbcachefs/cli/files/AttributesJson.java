// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.Locale;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;

/** A file's attributes as JSON fields; docs/json.md describes them. */
final class AttributesJson {
  private static final int PERMISSIONS = 07777;

  private AttributesJson() {}

  /** Fields of an open object: type, identity and everything that stat(2) says. */
  static void fields(JsonWriter json, Attributes attributes) {
    FileType type = FileType.of(attributes);
    identity(json, type, attributes.file());
    json.field("mode", mode(attributes));
    json.field("uid", attributes.uid() & 0xffffffffL);
    json.field("gid", attributes.gid() & 0xffffffffL);
    json.field("nlink", attributes.links());
    json.unsigned("size", attributes.size());
    json.unsigned("allocated_bytes", attributes.sectors() << 9);
    json.field("atime_ns", attributes.atime());
    json.field("mtime_ns", attributes.mtime());
    json.field("ctime_ns", attributes.ctime());
    json.field("btime_ns", attributes.birthTime());
    if (type.isDevice()) {
      json.field("rdev", attributes.majorDevice() + ":" + attributes.minorDevice());
    }
    json.field("flags", attributes.flags() & 0xffffffffL);
    json.field("project", attributes.project() & 0xffffffffL);
    json.field("generation", attributes.generation() & 0xffffffffL);
  }

  static void identity(JsonWriter json, FileType type, FileId file) {
    json.field("type", type.word());
    json.unsigned("inode", file.inode());
    json.field("subvolume", file.subvolume() & 0xffffffffL);
    json.field("snapshot", file.snapshot() & 0xffffffffL);
  }

  /** Permissions in octal, four digits: "0755". */
  static String mode(Attributes attributes) {
    return String.format(Locale.ROOT, "%04o", attributes.mode() & PERMISSIONS);
  }
}
