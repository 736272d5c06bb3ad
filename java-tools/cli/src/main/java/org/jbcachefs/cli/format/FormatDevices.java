// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.BlockNode;
import org.jbcachefs.block.DeviceGeometry;
import org.jbcachefs.block.DeviceGeometry.Answer;
import org.jbcachefs.block.SysDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.platform.ExclusiveOpen;
import org.jbcachefs.engine.recovery.FormatRequest.MemberRequest;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** The devices to be formatted: looked at first, all of them, and only then opened for writing. */
final class FormatDevices {
  private static final int LEAST_BLOCK_BYTES = 512;
  private static final long USUAL_BLOCK_BYTES = 4096;

  private final Invocation invocation;

  FormatDevices(Invocation invocation) {
    this.invocation = invocation;
  }

  /**
   * Opens them.
   *
   * @param overwrite whether devices may hold something already
   * @param write false to look only: nothing can be written then
   */
  List<MemberRequest> open(List<DeviceWords.Device> devices, boolean overwrite, boolean write)
      throws IOException {
    refuseSame(devices);
    for (DeviceWords.Device device : devices) {
      check(device, overwrite);
    }
    List<MemberRequest> members = new ArrayList<>();
    boolean done = false;
    try {
      for (DeviceWords.Device device : devices) {
        members.add(member(device, write));
      }
      done = true;
    } finally {
      if (!done) {
        members.forEach(member -> member.device().close());
      }
    }
    return members;
  }

  private static void refuseSame(List<DeviceWords.Device> devices) throws IOException {
    for (int i = 0; i < devices.size(); i++) {
      Path path = existing(devices.get(i));
      for (int j = 0; j < i; j++) {
        if (isSame(path, Path.of(devices.get(j).path()))) {
          throw new UsageException(
              devices.get(j).path() + " and " + devices.get(i).path() + " are the same device");
        }
      }
    }
  }

  private static boolean isSame(Path one, Path other) throws IOException {
    Optional<BlockNode> node = BlockNode.of(one);
    return Files.isSameFile(one, other) || (node.isPresent() && node.equals(BlockNode.of(other)));
  }

  private static Path existing(DeviceWords.Device device) {
    Path path = Path.of(device.path());
    if (!Files.exists(path)) {
      throw new RefusedException(
          "no_such_device",
          Place.device(device.path(), -1),
          "no such file or device; an image file is made with 'truncate -s SIZE "
              + device.path()
              + "'");
    }
    return path;
  }

  private void check(DeviceWords.Device device, boolean overwrite) throws IOException {
    Path path = Path.of(device.path());
    if (BlockNode.of(path).isPresent()) {
      ExclusiveOpen.check(path);
    }
    try (BlockDevice opened = invocation.devices().openReadOnly(path)) {
      Optional<String> known = KnownContents.of(opened);
      if (known.isPresent() && !overwrite) {
        throw new RefusedException(
            "device_in_use",
            Place.device(device.path(), -1),
            "the device holds a " + known.get() + "; -f overwrites it");
      }
    }
  }

  private MemberRequest member(DeviceWords.Device words, boolean write) throws IOException {
    Path path = Path.of(words.path());
    BlockDevice device =
        write ? invocation.devices().openReadWrite(path) : invocation.devices().openReadOnly(path);
    Optional<BlockNode> node = BlockNode.of(path);
    Optional<DeviceGeometry> geometry =
        node.isPresent() ? Optional.of(SysDevice.of(node.get()).geometry()) : Optional.empty();
    return new MemberRequest(
        device,
        words.sizeBytes(),
        words.label(),
        words.options(),
        physicalBlock(path, geometry),
        isRotational(geometry));
  }

  private static int physicalBlock(Path path, Optional<DeviceGeometry> geometry) {
    long bytes = geometry.isPresent() ? geometry.get().physicalBlock() : blockOfFile(path);
    return (int) Math.max(LEAST_BLOCK_BYTES, bytes);
  }

  private static long blockOfFile(Path path) {
    try {
      return Files.getFileStore(path).getBlockSize();
    } catch (IOException e) {
      // What is below the root of a chroot or a container may be in no list of mounts.
      return USUAL_BLOCK_BYTES;
    }
  }

  /** What does not say that it has no moving parts is taken to have some, image files too. */
  private static boolean isRotational(Optional<DeviceGeometry> geometry) {
    return geometry.map(DeviceGeometry::rotational).orElse(Answer.UNKNOWN) != Answer.NO;
  }
}
