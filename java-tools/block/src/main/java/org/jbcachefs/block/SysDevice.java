// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.block;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.block.DeviceGeometry.Answer;

/**
 * What the kernel says of a block device in /sys, with neither the kernel module nor rights. What
 * is not told there is not known. Source: Documentation/ABI/stable/sysfs-block of Linux.
 */
public final class SysDevice {
  private static final Path ROOT = Path.of("/sys/dev/block");
  private static final int SECTOR_SHIFT = 9;
  private static final long UNKNOWN = -1;

  private final BlockNode node;
  private final Path directory;

  private SysDevice(BlockNode node, Path directory) {
    this.node = node;
    this.directory = directory;
  }

  public static SysDevice of(BlockNode node) {
    return new SysDevice(node, ROOT.resolve(node.toString()));
  }

  /** The same in a directory that looks like /sys/dev/block. */
  static SysDevice under(Path root, BlockNode node) {
    return new SysDevice(node, root.resolve(node.toString()));
  }

  public boolean isPresent() {
    return Files.isDirectory(directory);
  }

  public DeviceGeometry geometry() throws IOException {
    long sectors = number(directory.resolve("size"));
    String cache = queueText("write_cache");
    return new DeviceGeometry(
        name(),
        node.major(),
        node.minor(),
        sectors < 0 ? UNKNOWN : sectors << SECTOR_SHIFT,
        queueNumber("logical_block_size"),
        queueNumber("physical_block_size"),
        queueNumber("minimum_io_size"),
        queueNumber("optimal_io_size"),
        bufferAlignment(),
        queueNumber("discard_granularity"),
        queueNumber("discard_max_bytes"),
        queueNumber("write_zeroes_max_bytes"),
        queueAnswer("rotational"),
        cache == null ? Answer.UNKNOWN : Answer.of(cache.equals("write back")),
        queueAnswer("fua"),
        queueAnswer("stable_writes"),
        answer(number(directory.resolve("ro"))));
  }

  /** The kernel's name of the device; null if there is none. */
  public String name() throws IOException {
    return isPresent() ? directory.toRealPath().getFileName().toString() : null;
  }

  /** Names of the devices that are built upon this one: of device mapper, md and others. */
  public List<String> holders() throws IOException {
    List<String> names = new ArrayList<>();
    Path holders = directory.resolve("holders");
    if (Files.isDirectory(holders)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(holders)) {
        entries.forEach(entry -> names.add(entry.getFileName().toString()));
      }
      names.sort(null);
    }
    return names;
  }

  /** A mask, one less than the alignment. */
  private long bufferAlignment() throws IOException {
    long mask = queueNumber("dma_alignment");
    return mask < 0 ? UNKNOWN : mask + 1;
  }

  private Answer queueAnswer(String attribute) throws IOException {
    return answer(queueNumber(attribute));
  }

  private static Answer answer(long number) {
    return number < 0 ? Answer.UNKNOWN : Answer.of(number != 0);
  }

  /** A number that the device's queue tells; -1 if it does not. */
  long queueNumber(String attribute) throws IOException {
    return parse(queueText(attribute));
  }

  private String queueText(String attribute) throws IOException {
    // A partition has no queue of its own; its directory lies inside of its disk's.
    for (String queue : new String[] {"queue", "../queue"}) {
      String text = text(directory.resolve(queue).resolve(attribute));
      if (text != null) {
        return text;
      }
    }
    return null;
  }

  private static long number(Path file) throws IOException {
    return parse(text(file));
  }

  private static String text(Path file) throws IOException {
    return Files.isReadable(file) ? Files.readString(file).strip() : null;
  }

  private static long parse(String text) {
    boolean isNumber =
        text != null
            && !text.isEmpty()
            && text.length() <= 18
            && text.chars().allMatch(Character::isDigit);
    return isNumber ? Long.parseLong(text) : UNKNOWN;
  }
}
