// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.BcachefsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cat}. */
@Command(
    name = "cat",
    description = {
      "Writes files of a filesystem that is not mounted to standard output.",
      "Where a file cannot be read it ends there, the path and the byte are told, and the exit code"
          + " is 3; extract keeps all of its readable ranges.",
      "With --json contents are in base64."
    })
public final class CatFile extends FilesCommand {
  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "PATH",
      description = "Absolute from the root subvolume.")
  private List<String> paths = new ArrayList<>();

  @Override
  protected int run(Invocation invocation, Opened opened) {
    int code = ExitCode.DONE;
    if (invocation.out().isJson()) {
      invocation.out().beginList();
    }
    for (String path : paths) {
      byte[] raw = Names.encode(path);
      try {
        FileId file = opened.resolver().resolve(raw, true);
        code = Math.max(code, copy(invocation, opened, raw, file));
      } catch (BcachefsException e) {
        code = Math.max(code, invocation.failedAt("", e));
      }
    }
    return code;
  }

  private static int copy(Invocation invocation, Opened opened, byte[] path, FileId file) {
    Attributes attributes = opened.namespace().attributes(file);
    if (!attributes.isRegular()) {
      String what = attributes.isDirectory() ? "is a directory" : "not a regular file";
      invocation.problem(new Problem("refused", Names.printableString(path), what));
      return ExitCode.FAILED;
    }
    try (Contents contents = new Contents(opened.data(), file, attributes.size())) {
      if (invocation.out().isJson()) {
        invocation.out().item(json -> json(json, path, attributes, contents));
      } else {
        text(invocation.out().text(), contents);
      }
      if (contents.damage() == null) {
        return ExitCode.DONE;
      }
      invocation.damaged(
          Names.printableString(path) + ", from byte " + contents.position(), contents.damage());
      return ExitCode.DAMAGE;
    }
  }

  private static void text(TextWriter out, Contents contents) {
    byte[] chunk = new byte[Contents.BUFFER_BYTES];
    int length = contents.read(chunk, 0, chunk.length);
    while (length > 0) {
      out.bytes(chunk, 0, length);
      length = contents.read(chunk, 0, chunk.length);
    }
  }

  private static void json(JsonWriter json, byte[] path, Attributes attributes, Contents contents) {
    json.beginObject().name("path", path).field("size", attributes.size());
    json.base64("base64", contents);
    json.field("bytes", contents.position()).endObject();
  }
}
