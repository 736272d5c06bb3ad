// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.source.SourceSync;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;

/** The file of an image, and the one that is its other member while it is being written. */
final class ImageFiles {
  /** As small as a filesystem can be with room for its own work. */
  private static final long BYTES_LEAST = 64 << 20;

  private ImageFiles() {}

  /** Room in which that directory surely fits; files are sparse. */
  static long room(String source) throws IOException {
    return BYTES_LEAST + 2 * SourceSync.bytesOf(source);
  }

  /** Refuses a path that is something else than an image file may be. */
  static void check(Invocation invocation, Path image, boolean force) {
    if (!Files.exists(image)) {
      return;
    }
    requireFile(image);
    try (BlockDevice device = invocation.devices().openReadOnly(image)) {
      Optional<String> known = KnownContents.of(device);
      if (known.isPresent() && !force) {
        throw refused(
            "device_in_use", image, "the file holds a " + known.get() + "; -f overwrites it");
      }
    }
  }

  static void requireFile(Path image) {
    if (!Files.isRegularFile(image)) {
      throw refused("no_file", image, "no ordinary file; an image is one");
    }
  }

  /** Makes a sparse file of that length, in the place of one that is there. */
  static BlockDevice make(Invocation invocation, Path image, long bytes) throws IOException {
    Files.deleteIfExists(image);
    FileBlockDevice.create(image, bytes).close();
    return invocation.devices().openReadWrite(image);
  }

  /**
   * A sparse file beside the image, which nobody else sees.
   *
   * @throws RefusedException if something of its name is there
   */
  static BlockDevice temporary(Invocation invocation, Path image, long bytes) throws IOException {
    Path path = Path.of(image + ".metadata");
    if (Files.exists(path)) {
      throw refused("temporary_exists", path, "the name is needed for a temporary file; remove it");
    }
    return unnamed(invocation, path, bytes);
  }

  /** The same for those who only try: elsewhere. */
  static BlockDevice forTrial(Invocation invocation, long bytes) throws IOException {
    Path path = Files.createTempFile("jbcachefs", ".metadata");
    Files.delete(path);
    return unnamed(invocation, path, bytes);
  }

  private static BlockDevice unnamed(Invocation invocation, Path path, long bytes)
      throws IOException {
    FileBlockDevice.create(path, bytes).close();
    try {
      return invocation.devices().openReadWrite(path);
    } finally {
      Files.delete(path);
    }
  }

  /** Gives a file that length: what is cut off is lost, what is added is a hole. */
  static void setLength(Path image, long bytes) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      if (file.size() > bytes) {
        file.truncate(bytes);
      } else if (file.size() < bytes) {
        file.write(ByteBuffer.allocate(1), bytes - 1);
      }
    }
  }

  static RefusedException refused(String reason, Path path, String why) {
    return new RefusedException(reason, Place.device(path.toString(), -1), why);
  }
}
