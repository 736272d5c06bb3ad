// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.edit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.ScratchDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.PassphraseSources;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.engine.edit.EditResult;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import picocli.CommandLine.Option;

/** What commands that edit have in common. A mixin. */
final class EditOptions {
  @Option(
      names = "--yes-i-understand",
      description = "Really change the devices. Nothing checks that the result makes sense.")
  private boolean confirmed;

  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description = "Where the passphrase of an encrypted filesystem is; - for standard input.")
  private String passphraseFile;

  /**
   * Lets an editor work on the devices, or, unless it is confirmed, on copies in memory.
   *
   * @param dryRun only show what would be done
   * @param harmless nothing will be changed anyway
   */
  void edit(
      Invocation invocation,
      List<Path> paths,
      boolean dryRun,
      boolean harmless,
      Consumer<ImageEditor> work) {
    if (!confirmed && !dryRun && !harmless) {
      throw new UsageException(
          "this changes the filesystem without keeping it consistent; --yes-i-understand does it,"
              + " --dry-run shows it");
    }
    boolean write = confirmed && !dryRun && !harmless;
    List<BlockDevice> devices = new ArrayList<>();
    try {
      for (Path path : paths) {
        devices.add(
            write
                ? invocation.devices().openReadWrite(path)
                : new ScratchDevice(invocation.devices().openReadOnly(path)));
      }
      OpenOptions options =
          OpenOptions.defaults().withKeySource(new PassphraseSources(invocation, passphraseFile));
      work.accept(new ImageEditor(devices, options));
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  /** Shows what a statement did. */
  static void show(Invocation invocation, EditResult result) {
    if (invocation.out().isJson()) {
      invocation.out().item(json -> json(json, result));
      return;
    }
    var text = invocation.out().text();
    if (result.before() != null) {
      text.println("- " + result.before());
    }
    if (result.after() != null) {
      text.println("+ " + result.after());
    }
    if (result.writes().isEmpty()) {
      for (EditResult.Field field : result.fields()) {
        text.println("  " + field.name() + " = " + Long.toUnsignedString(field.value()));
      }
    }
    for (EditResult.Write write : result.writes()) {
      text.println(
          "  " + write.device() + " byte " + write.offset() + ": " + write.bytes() + " bytes");
    }
  }

  private static void json(JsonWriter json, EditResult result) {
    json.beginObject().field("statement", result.statement());
    json.field("before", result.before()).field("after", result.after());
    json.beginObject("fields");
    result.fields().forEach(field -> json.unsigned(field.name(), field.value()));
    json.endObject().beginArray("writes");
    for (EditResult.Write write : result.writes()) {
      json.beginObject().field("device", write.device());
      json.field("offset_bytes", write.offset()).field("bytes", write.bytes()).endObject();
    }
    json.endArray().endObject();
  }
}
