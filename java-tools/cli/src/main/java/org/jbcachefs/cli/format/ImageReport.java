// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Sizes;
import org.jbcachefs.cli.output.TextWriter;
import org.jbcachefs.cli.source.SourceSync;

/** What the image commands say at the end. */
final class ImageReport {
  private ImageReport() {}

  /**
   * @param bytes length of the image
   */
  static void show(
      Invocation invocation, SourceSync.Totals totals, long bytes, boolean dryRun, boolean quiet) {
    if (invocation.out().isJson()) {
      JsonWriter json = invocation.out().data();
      json.beginObject().field("dry_run", dryRun).field("files", totals.files());
      json.field("changed_files", totals.changed()).field("removed_names", totals.removed());
      json.field("data_bytes", totals.bytes()).field("written_bytes", totals.written());
      json.field("image_bytes", bytes).endObject();
    } else if (!quiet) {
      TextWriter out = invocation.out().text();
      out.print("files:          " + totals.files() + "\n");
      out.print("changed files:  " + totals.changed() + "\n");
      out.print("removed names:  " + totals.removed() + "\n");
      out.print("data:           " + Sizes.iec(totals.bytes()) + "\n");
      out.print("written:        " + Sizes.iec(totals.written()) + "\n");
      out.print("size of image:  " + bytes + " (" + Sizes.iec(bytes) + ")\n");
    }
    if (dryRun) {
      invocation.note("nothing was written");
    }
  }
}
