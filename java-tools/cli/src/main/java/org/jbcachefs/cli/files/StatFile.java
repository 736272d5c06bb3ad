// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.cli.output.Times;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stat}. */
@Command(
    name = "stat",
    description = {
      "Shows everything about files of a filesystem that is not mounted: what stat(2) says, extended"
          + " attributes, and the options set on them or inherited (bcachefs.*,"
          + " bcachefs_effective.*)."
    })
public final class StatFile extends FilesCommand {
  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "PATH",
      description = "Absolute from the root subvolume.")
  private List<String> paths = new ArrayList<>();

  @Option(
      names = {"-L", "--dereference"},
      description = "Follow symbolic links (within the filesystem).")
  private boolean follow;

  /** Everything about one file. */
  private record Facts(
      byte[] path,
      Attributes attributes,
      byte[] target,
      List<Namespace.Xattr> xattrs,
      List<Namespace.Xattr> options) {}

  @Override
  protected int run(Invocation invocation, Opened opened) {
    if (invocation.out().isJson()) {
      invocation.out().beginList();
    }
    int code = ExitCode.DONE;
    for (String path : paths) {
      byte[] raw = Names.encode(path);
      try {
        show(invocation, facts(opened, raw));
      } catch (BcachefsException e) {
        code = Math.max(code, invocation.failedAt("", e));
      }
    }
    return code;
  }

  private Facts facts(Opened opened, byte[] path) {
    Namespace namespace = opened.namespace();
    FileId file = opened.resolver().resolve(path, follow);
    Attributes attributes = namespace.attributes(file);
    List<Namespace.Xattr> xattrs = new ArrayList<>();
    for (byte[] name : namespace.listXattrs(file)) {
      namespace.xattr(file, name).ifPresent(value -> xattrs.add(new Namespace.Xattr(name, value)));
    }
    byte[] target = attributes.isSymlink() ? namespace.readlink(file) : null;
    return new Facts(path, attributes, target, xattrs, namespace.optionXattrs(file));
  }

  private static void show(Invocation invocation, Facts facts) {
    if (invocation.out().isJson()) {
      invocation.out().item(json -> json(json, facts));
    } else {
      text(invocation.out().text(), facts, invocation.clock().getZone());
    }
  }

  private static void json(JsonWriter json, Facts facts) {
    json.beginObject().name("path", facts.path);
    AttributesJson.fields(json, facts.attributes);
    if (facts.target != null) {
      json.name("target", facts.target);
    }
    xattrs(json.key("xattrs"), facts.xattrs);
    xattrs(json.key("options"), facts.options);
    json.endObject();
  }

  private static void xattrs(JsonWriter json, List<Namespace.Xattr> xattrs) {
    json.beginArray();
    for (Namespace.Xattr xattr : xattrs) {
      json.beginObject().name("name", xattr.name());
      json.field("value", Names.isUtf8(xattr.value()) ? Names.decode(xattr.value()) : null);
      json.field("value_hex", HexFormat.of().formatHex(xattr.value()));
      json.endObject();
    }
    json.endArray();
  }

  private static void text(TextWriter out, Facts facts, ZoneId zone) {
    Attributes a = facts.attributes;
    FileType type = FileType.of(a);
    out.print("  File: ").name(facts.path);
    if (facts.target != null) {
      out.print(" -> ").name(facts.target);
    }
    out.println();
    out.print("  Size: ").left(Long.toUnsignedString(a.size()), 20);
    out.print("Sectors: ").left(Long.toUnsignedString(a.sectors()), 16).println(type.word());
    out.print(" Inode: ").left(Long.toUnsignedString(a.file().inode()), 20);
    out.print("Subvolume: ").left(Integer.toUnsignedString(a.file().subvolume()), 14);
    out.println("Snapshot: " + Integer.toUnsignedString(a.file().snapshot()));
    out.print(" Links: ").left(Long.toString(a.links()), 20);
    if (type.isDevice()) {
      out.print("Device: " + a.majorDevice() + "," + a.minorDevice());
    }
    out.println();
    out.print("Access: (" + AttributesJson.mode(a) + "/" + FileType.modeText(a) + ")  ");
    out.print("Uid: " + Integer.toUnsignedString(a.uid()) + "  ");
    out.println("Gid: " + Integer.toUnsignedString(a.gid()));
    time(out, "Access", a.atime(), zone);
    time(out, "Modify", a.mtime(), zone);
    time(out, "Change", a.ctime(), zone);
    time(out, " Birth", a.birthTime(), zone);
    more(out, a);
    facts.xattrs.forEach(xattr -> xattr(out, " Xattr", xattr));
    facts.options.forEach(option -> xattr(out, "Option", option));
  }

  private static void more(TextWriter out, Attributes a) {
    if (a.flags() != 0) {
      out.println(String.format(Locale.ROOT, " Flags: 0x%08x", a.flags()));
    }
    if (a.project() != 0) {
      out.println("Project: " + Integer.toUnsignedString(a.project()));
    }
  }

  private static void time(TextWriter out, String label, long nanoseconds, ZoneId zone) {
    out.println(label + ": " + Times.full(nanoseconds, zone));
  }

  private static void xattr(TextWriter out, String label, Namespace.Xattr xattr) {
    out.print(label + ": ").name(xattr.name()).print(" = ");
    if (Names.isUtf8(xattr.value()) && isText(xattr.value())) {
      out.print("\"").name(xattr.value()).println("\"");
    } else {
      out.println("0x" + HexFormat.of().formatHex(xattr.value()));
    }
  }

  private static boolean isText(byte[] value) {
    for (byte b : value) {
      if (b >= 0 && b < 0x20) {
        return false;
      }
    }
    return true;
  }
}
