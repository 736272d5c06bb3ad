// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jbcachefs.block.BlockNode;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.DeviceGeometry.Answer;
import org.jbcachefs.block.SysDevice;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.block.jni.NativeException;
import org.jbcachefs.block.opening.IoMode;
import org.jbcachefs.block.shim.ShimNode;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.show.FieldLines;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code device geometry}. */
@Command(
    name = "device geometry",
    description = {
      "Shows sizes, blocks, caches and limits of devices, as the kernel tells them in /sys: nothing"
          + " is opened.",
      "With --io=shim the kernel module is asked, which has to claim each device for that moment."
    })
public final class GeometryCommand implements CliCommand {
  private static final int VALUE_COLUMN = 26;

  @Parameters(arity = "1..*", paramLabel = "DEV", description = "Devices or image files.")
  private List<String> devices = new ArrayList<>();

  @Override
  public int run(Invocation invocation) throws IOException {
    boolean byShim = invocation.devices().mode() == IoMode.SHIM;
    for (String device : devices) {
      Path path = Path.of(device);
      DeviceGeometry geometry = byShim ? claimed(path) : told(path);
      if (invocation.out().isJson()) {
        invocation.out().item(json -> write(json, device, byShim, geometry));
      } else {
        invocation.out().text().print(text(device, geometry));
      }
    }
    return ExitCode.DONE;
  }

  private static DeviceGeometry claimed(Path path) throws IOException {
    try (ShimNode shim = ShimNode.require()) {
      return shim.geometry(shim.claim(path, false));
    } catch (NativeException e) {
      throw new DeviceException(
          Place.device(path.toString(), -1),
          e.operation() + " through the kernel module: " + Errno.text(e.errno()),
          e);
    }
  }

  private static DeviceGeometry told(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new DeviceException(Place.device(path.toString(), -1), "no such file or directory");
    }
    Optional<BlockNode> node = BlockNode.of(path);
    if (node.isPresent()) {
      return SysDevice.of(node.get()).geometry();
    }
    if (!Files.isRegularFile(path)) {
      throw new DeviceException(
          Place.device(path.toString(), -1), "neither a block device nor an image file");
    }
    return DeviceGeometry.ofFile(Files.size(path), !Files.isWritable(path));
  }

  private static String text(String device, DeviceGeometry g) {
    FieldLines lines = new FieldLines(VALUE_COLUMN);
    lines.field("Device:", device);
    lines.field("Kernel's name:", g.node() == null ? "none, an image file" : name(g));
    lines.field("Size:", bytes(g.size()));
    lines.field("Logical block:", bytes(g.logicalBlock()));
    lines.field("Physical block:", bytes(g.physicalBlock()));
    lines.field("Smallest good request:", bytes(g.ioMin()));
    lines.field("Best request:", g.ioOptimal() == 0 ? "not told" : bytes(g.ioOptimal()));
    lines.field("Alignment of memory:", bytes(g.bufferAlignment()));
    lines.field("Discard granularity:", limit(g.discardGranularity()));
    lines.field("Most to discard:", limit(g.maxDiscard()));
    lines.field("Most zeroes to write:", limit(g.maxWriteZeroes()));
    lines.field("Rotational:", word(g.rotational()));
    lines.field("Volatile write cache:", word(g.writeCache()));
    lines.field("Forced unit access:", word(g.fua()));
    lines.field("Stable writes:", word(g.stableWrites()));
    lines.field("Read-only:", word(g.readOnly()));
    return lines.line("").toString();
  }

  private static String name(DeviceGeometry g) {
    return g.node() + " (" + g.major() + ":" + g.minor() + ")";
  }

  private static String bytes(long number) {
    return number < 0 ? "not known" : number + " bytes";
  }

  private static String limit(long number) {
    return number == 0 ? "none, it cannot" : bytes(number);
  }

  private static String word(Answer answer) {
    return answer == Answer.UNKNOWN ? "not known" : answer.name().toLowerCase(Locale.ROOT);
  }

  private static void write(JsonWriter json, String device, boolean byShim, DeviceGeometry g) {
    json.beginObject().field("device", device).field("source", source(byShim, g));
    json.field("node", g.node());
    number(json, "major", g.node() == null ? -1 : g.major());
    number(json, "minor", g.node() == null ? -1 : g.minor());
    number(json, "size", g.size());
    number(json, "logical_block", g.logicalBlock());
    number(json, "physical_block", g.physicalBlock());
    number(json, "io_min", g.ioMin());
    number(json, "io_optimal", g.ioOptimal());
    number(json, "buffer_alignment", g.bufferAlignment());
    number(json, "discard_granularity", g.discardGranularity());
    number(json, "max_discard", g.maxDiscard());
    number(json, "max_write_zeroes", g.maxWriteZeroes());
    answer(json, "rotational", g.rotational());
    answer(json, "write_cache", g.writeCache());
    answer(json, "fua", g.fua());
    answer(json, "stable_writes", g.stableWrites());
    answer(json, "read_only", g.readOnly());
    json.endObject();
  }

  private static String source(boolean byShim, DeviceGeometry g) {
    return byShim ? "shim" : g.node() == null ? "file" : "sysfs";
  }

  private static void number(JsonWriter json, String key, long number) {
    if (number < 0) {
      json.nothing(key);
    } else {
      json.field(key, number);
    }
  }

  private static void answer(JsonWriter json, String key, Answer answer) {
    if (answer == Answer.UNKNOWN) {
      json.nothing(key);
    } else {
      json.field(key, answer == Answer.YES);
    }
  }
}
