// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.files.TreeWalk;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/** Counts what there is to extract while it is being extracted, so that the time left is known. */
final class Totals implements TreeWalk.Visitor {
  private final Namespace namespace;
  private long items;
  private long bytes;

  private Totals(Namespace namespace) {
    this.namespace = namespace;
  }

  /** Counts in a thread of its own and tells the progress when it is done; damage is passed by. */
  static void count(Namespace namespace, FileId start, Progress progress) {
    Totals totals = new Totals(namespace);
    Thread.ofPlatform()
        .name("extract-totals")
        .daemon()
        .start(() -> {
          try {
            totals.from(start);
            progress.total(totals.items, totals.bytes);
          } catch (BcachefsException | IOException e) {
            progress.total(-1, -1);
          }
        });
  }

  private void from(FileId start) throws IOException {
    Attributes attributes = namespace.attributes(start);
    if (attributes.isDirectory()) {
      new TreeWalk(namespace, this).walk(new byte[0], start);
    } else {
      items = 1;
      bytes = attributes.sectors() << 9;
    }
  }

  @Override
  public boolean visit(TreeWalk.Step step) {
    if (step.type() == FileType.DIRECTORY) {
      return true;
    }
    items++;
    if (step.type() == FileType.REGULAR) {
      try {
        Attributes attributes = namespace.attributes(step.file());
        bytes += Math.min(attributes.size(), attributes.sectors() << 9);
      } catch (BcachefsException e) {
        return false;
      }
    }
    return false;
  }

  @Override
  public void damaged(TreeWalk.Step where, BcachefsException e) {}
}
