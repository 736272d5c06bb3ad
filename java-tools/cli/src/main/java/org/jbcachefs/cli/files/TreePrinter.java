// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.files.TreeWalk.Step;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/** Prints a tree while walking it; memory grows with directories, not with files. */
final class TreePrinter implements TreeWalk.Visitor {
  /** What to show of it and how. */
  record Style(int level, boolean directoriesOnly, boolean paths, boolean zero) {}

  private static final byte[] TEE = "├── ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] ELBOW = "└── ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] BAR = "│   ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] BLANK = "    ".getBytes(StandardCharsets.UTF_8);

  private final Invocation invocation;
  private final Namespace namespace;
  private final Style style;
  private final boolean json;
  private long directories;
  private long files;

  TreePrinter(Invocation invocation, Namespace namespace, Style style) {
    this.invocation = invocation;
    this.namespace = namespace;
    this.style = style;
    this.json = invocation.out().isJson();
  }

  void print(byte[] path, FileId start) throws IOException {
    if (json) {
      invocation.out().beginList();
    } else if (!style.paths) {
      invocation.out().text().name(path).println();
    }
    new TreeWalk(namespace, this).walk(path, start);
    if (!json && !style.paths) {
      invocation
          .out()
          .text()
          .println()
          .println(counted(directories, "directory", "directories") + ", " + files(files));
    }
  }

  private static String files(long count) {
    return counted(count, "file", "files");
  }

  private static String counted(long count, String one, String many) {
    return count + " " + (count == 1 ? one : many);
  }

  @Override
  public boolean visit(Step step) {
    boolean directory = step.type() == FileType.DIRECTORY;
    if (directory) {
      directories++;
    } else {
      files++;
    }
    if (directory || !style.directoriesOnly) {
      show(step);
    }
    return step.depth() < style.level;
  }

  private void show(Step step) {
    if (json) {
      item(step);
    } else if (style.paths) {
      line(step);
    } else {
      drawing(step);
    }
  }

  private void item(Step step) {
    Attributes attributes = attributes(step);
    byte[] target = attributes == null ? null : target(step, attributes);
    invocation
        .out()
        .item(item -> {
          item.beginObject().name("path", step.path());
          if (attributes == null) {
            AttributesJson.identity(item, step.type(), step.file());
          } else {
            AttributesJson.fields(item, attributes);
          }
          item.field("subvolume_root", step.subvolume());
          if (target != null) {
            item.name("target", target);
          }
          item.endObject();
        });
  }

  private Attributes attributes(Step step) {
    try {
      return namespace.attributes(step.file());
    } catch (BcachefsException e) {
      damaged(step, e);
      return null;
    }
  }

  private byte[] target(Step step, Attributes attributes) {
    if (!attributes.isSymlink()) {
      return null;
    }
    try {
      return namespace.readlink(step.file());
    } catch (BcachefsException e) {
      damaged(step, e);
      return null;
    }
  }

  private void line(Step step) {
    TextWriter out = invocation.out().text();
    if (style.zero) {
      out.bytes(step.path()).bytes(new byte[1]);
    } else {
      out.name(step.path()).println();
    }
  }

  private void drawing(Step step) {
    TextWriter out = invocation.out().text();
    indent(out, step.parent());
    out.bytes(step.last() ? ELBOW : TEE).name(step.name());
    if (step.type() == FileType.SYMLINK) {
      byte[] target = linkTarget(step);
      if (target != null) {
        out.print(" -> ").name(target);
      }
    }
    out.println();
  }

  private byte[] linkTarget(Step step) {
    try {
      return namespace.readlink(step.file());
    } catch (BcachefsException e) {
      damaged(step, e);
      return null;
    }
  }

  private static void indent(TextWriter out, Step ancestor) {
    boolean[] last = new boolean[ancestor.depth()];
    for (Step step = ancestor; step.parent() != null; step = step.parent()) {
      last[step.depth() - 1] = step.last();
    }
    for (boolean l : last) {
      out.bytes(l ? BLANK : BAR);
    }
  }

  @Override
  public void damaged(Step where, BcachefsException e) {
    invocation.damaged(Names.printableString(where.path()), e);
  }
}
