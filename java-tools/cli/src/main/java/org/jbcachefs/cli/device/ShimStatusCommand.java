// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.jni.NativeLibrary;
import org.jbcachefs.block.shim.ShimClaim;
import org.jbcachefs.block.shim.ShimFilesystem;
import org.jbcachefs.block.shim.ShimInfo;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.show.FieldLines;
import picocli.CommandLine.Command;

/** {@code shim status}. */
@Command(
    name = "shim status",
    description = {
      "Shows the kernel module jbcachefs_shim: its version, what it can do, the filesystems that are"
          + " served through it, and the devices that are claimed through it.",
      "Ends with 1 if it is not loaded, or may not be asked."
    })
public final class ShimStatusCommand implements CliCommand {
  private static final int VALUE_COLUMN = 14;
  private static final Path MODULE = Path.of("/sys/module/jbcachefs_shim");

  /** What the module says. */
  private record Status(ShimInfo info, List<ShimFilesystem> filesystems, List<ShimClaim> claims) {}

  @Override
  public boolean opensDevices() {
    return false;
  }

  @Override
  public int run(Invocation invocation) throws IOException {
    boolean loaded = ShimNode.isPresent() || Files.isDirectory(MODULE);
    Status status = null;
    String problem =
        "the kernel module jbcachefs_shim is not loaded; everything works without it, "
            + "to load it: modprobe jbcachefs_shim";
    if (loaded) {
      problem = null;
      NativeLibrary.load();
      try (ShimNode shim = ShimNode.open()) {
        status = new Status(shim.info(), shim.filesystems(), shim.claims());
      } catch (NativeException e) {
        problem =
            "the kernel module jbcachefs_shim is loaded, but cannot be asked: "
                + e.operation()
                + ": "
                + Errno.text(e.errno());
      }
    }
    if (invocation.out().isJson()) {
      write(invocation.out().data(), loaded, status);
    } else if (status != null) {
      invocation.out().text().print(text(status));
    }
    if (problem != null) {
      invocation.problem(new Problem("device", ShimNode.PATH.toString(), problem));
      return ExitCode.FAILED;
    }
    return ExitCode.DONE;
  }

  private static String text(Status status) {
    FieldLines lines = new FieldLines(VALUE_COLUMN);
    lines.field("Module:", "jbcachefs_shim " + status.info().version());
    List<String> features = status.info().featureNames();
    lines.field("Features:", features.isEmpty() ? "none" : String.join(", ", features));
    lines.field("Filesystems:", status.filesystems().size());
    lines.indent(2);
    for (ShimFilesystem filesystem : status.filesystems()) {
      String label = filesystem.label().isEmpty() ? "" : " (" + filesystem.label() + ")";
      lines.line(filesystem.uuid() + label);
      lines.indent(2);
      lines.field("Daemon:", filesystem.pid() + " (" + filesystem.command() + ")");
      lines.field("Members:", filesystem.members());
      lines.field("Calls:", filesystem.waitingCalls());
      lines.indent(-2);
    }
    lines.indent(-2).field("Claims:", status.claims().size()).indent(2);
    for (ShimClaim claim : status.claims()) {
      lines.line(
          claim.node()
              + (claim.writable() ? ": for writing" : ": for reading")
              + (claim.deviceReadOnly() ? ", device is read-only" : "")
              + (claim.dead() ? ", device is dead" : "")
              + ", by "
              + claim.pid()
              + " ("
              + claim.command()
              + "), requests under way: "
              + claim.underWay());
    }
    return lines.toString();
  }

  private static void write(JsonWriter json, boolean loaded, Status status) {
    json.beginObject().field("loaded", loaded);
    if (status == null) {
      json.nothing("version").nothing("feature_bits").nothing("features");
      json.nothing("filesystems").nothing("claims").endObject();
      return;
    }
    json.field("version", status.info().version());
    json.unsigned("feature_bits", status.info().features());
    json.field("features", (Object) status.info().featureNames());
    json.beginArray("filesystems");
    for (ShimFilesystem filesystem : status.filesystems()) {
      json.beginObject().field("uuid", filesystem.uuid().toString());
      json.field("label", filesystem.label()).field("members", filesystem.members());
      json.field("pid", filesystem.pid()).field("command", filesystem.command());
      json.field("waiting_calls", filesystem.waitingCalls()).endObject();
    }
    json.endArray().beginArray("claims");
    for (ShimClaim claim : status.claims()) {
      json.beginObject().field("node", claim.node());
      json.field("major", claim.major()).field("minor", claim.minor());
      json.field("writable", claim.writable()).field("read_only", claim.deviceReadOnly());
      json.field("dead", claim.dead()).field("requests_under_way", claim.underWay());
      json.field("pid", claim.pid()).field("command", claim.command()).endObject();
    }
    json.endArray().endObject();
  }
}
