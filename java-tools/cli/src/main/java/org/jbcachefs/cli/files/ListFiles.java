// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.cli.output.Times;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ls}. */
@Command(
    name = "ls",
    description = {
      "Lists a directory of a filesystem that is not mounted, in the order of the names' bytes.",
      "Control characters in names are shown as \\n, \\033; with --zero names end with NUL and are"
          + " shown as they are."
    })
public final class ListFiles extends FilesCommand {
  @Parameters(
      index = "1..*",
      paramLabel = "PATH",
      description = "Absolute from the root subvolume; / if there is none.")
  private List<String> paths = new ArrayList<>();

  @Option(
      names = {"-l", "--long"},
      description = "Mode, links, owner, group, size and time of change of each.")
  private boolean details;

  @Option(
      names = {"-i", "--inode"},
      description = "Inode numbers first.")
  private boolean inodes;

  @Option(names = "--directory", description = "Directories themselves, not what is in them.")
  private boolean directoryItself;

  @Option(
      names = {"-0", "--zero"},
      description = "End each line with NUL instead, names as they are.")
  private boolean zero;

  @Option(
      names = {"-a", "--all"},
      description = "Accepted; hidden names are always shown.")
  @SuppressWarnings("UnusedVariable")
  private boolean all;

  @Override
  protected int run(Invocation invocation, Opened opened) {
    List<String> asked = paths.isEmpty() ? List.of("/") : paths;
    if (invocation.out().isJson()) {
      invocation.out().beginList();
    }
    int code = ExitCode.DONE;
    for (String path : asked) {
      byte[] raw = Names.encode(path);
      try {
        FileId file = opened.resolver().resolve(raw, false);
        list(invocation, opened, raw, file, asked.size() > 1);
      } catch (BcachefsException e) {
        code = Math.max(code, invocation.failedAt("", e));
      }
    }
    return code;
  }

  private void list(
      Invocation invocation, Opened opened, byte[] path, FileId file, boolean heading) {
    Attributes attributes = opened.namespace().attributes(file);
    if (directoryItself || !attributes.isDirectory()) {
      entry(invocation, opened, path, file, FileType.of(attributes), false);
      return;
    }
    if (heading && !invocation.out().isJson()) {
      invocation.out().text().name(path).println(":");
    }
    Listing listing = Listing.read(opened.namespace(), file);
    for (int i = 0; i < listing.size(); i++) {
      entry(
          invocation,
          opened,
          listing.name(i),
          listing.target(i),
          listing.type(i),
          listing.isSubvolume(i));
    }
    if (listing.damage() != null) {
      invocation.damaged(Names.printableString(path), listing.damage());
    }
  }

  /** One line or item; a file whose inode cannot be read still shows its name. */
  private void entry(
      Invocation invocation,
      Opened opened,
      byte[] name,
      FileId file,
      FileType type,
      boolean subvolume) {
    Attributes attributes = null;
    byte[] target = null;
    if (details || invocation.out().isJson()) {
      try {
        attributes = opened.namespace().attributes(file);
        target = attributes.isSymlink() ? opened.namespace().readlink(file) : null;
      } catch (BcachefsException e) {
        invocation.damaged(Names.printableString(name), e);
      }
    }
    if (invocation.out().isJson()) {
      Entry item = new Entry(name, file, type, subvolume, attributes, target);
      invocation.out().item(item::json);
    } else {
      text(invocation, name, file, attributes, target);
    }
  }

  private record Entry(
      byte[] name,
      FileId file,
      FileType type,
      boolean subvolume,
      Attributes attributes,
      byte[] target) {
    void json(JsonWriter json) {
      json.beginObject().name("name", name);
      if (attributes == null) {
        AttributesJson.identity(json, type, file);
      } else {
        AttributesJson.fields(json, attributes);
      }
      json.field("subvolume_root", subvolume);
      if (target != null) {
        json.name("target", target);
      }
      json.endObject();
    }
  }

  private void text(
      Invocation invocation, byte[] name, FileId file, Attributes attributes, byte[] target) {
    TextWriter out = invocation.out().text();
    if (inodes) {
      out.right(Long.toUnsignedString(file.inode()), 12).print(' ');
    }
    if (details) {
      columns(invocation, out, attributes);
    }
    shown(out, name);
    if (target != null) {
      shown(out.print(" -> "), target);
    }
    if (zero) {
      out.bytes(new byte[1]);
    } else {
      out.println();
    }
  }

  private void shown(TextWriter out, byte[] name) {
    if (zero) {
      out.bytes(name);
    } else {
      out.name(name);
    }
  }

  private static void columns(Invocation invocation, TextWriter out, Attributes attributes) {
    if (attributes == null) {
      out.print("?????????? ");
      return;
    }
    FileType type = FileType.of(attributes);
    String size =
        type.isDevice()
            ? attributes.majorDevice() + "," + attributes.minorDevice()
            : Long.toUnsignedString(attributes.size());
    out.print(FileType.modeText(attributes)).print(' ');
    out.right(Long.toString(attributes.links()), 3).print(' ');
    out.right(Integer.toUnsignedString(attributes.uid()), 5).print(' ');
    out.right(Integer.toUnsignedString(attributes.gid()), 5).print(' ');
    out.right(size, 12).print(' ');
    out.print(Times.full(attributes.mtime(), invocation.clock().getZone())).print(' ');
  }
}
