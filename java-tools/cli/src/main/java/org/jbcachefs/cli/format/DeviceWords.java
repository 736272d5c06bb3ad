// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.show.ByteSizes;
import org.jbcachefs.format.tables.FilesystemOption;

/**
 * The devices of a command line and the options of each, which stand before it and hold for all
 * that follow until they are given anew.
 */
final class DeviceWords {
  /**
   * A device.
   *
   * @param sizeBytes 0 if not said
   * @param label null if none
   */
  record Device(String path, long sizeBytes, String label, Map<FilesystemOption, Long> options) {}

  /** What was typed; it is understood when all of it is there. */
  private record Words(
      String path, String size, String label, Map<FilesystemOption, String> options) {
    Device understood() {
      Map<FilesystemOption, Long> values = new EnumMap<>(FilesystemOption.class);
      options.forEach((option, text) -> values.put(option, OptionValues.parse(option, text)));
      return new Device(path, size == null ? 0 : ByteSizes.parse(size), label, values);
    }
  }

  private final List<Words> devices = new ArrayList<>();
  private final Map<FilesystemOption, String> options = new EnumMap<>(FilesystemOption.class);
  private String size;
  private String label;
  private boolean unused;

  void option(FilesystemOption option, String text) {
    options.put(option, text);
    unused = true;
  }

  void size(String text) {
    size = text;
    unused = true;
  }

  void label(String text) {
    label = text;
    unused = true;
  }

  void device(String path) {
    devices.add(new Words(path, size, label, Map.copyOf(options)));
    unused = false;
  }

  /** All devices, in their order. */
  List<Device> devices() {
    if (devices.isEmpty()) {
      throw new UsageException("no device given");
    }
    if (unused) {
      throw new UsageException(
          "options of devices stand before the devices that they are for; the last one has none");
    }
    return devices.stream().map(Words::understood).toList();
  }
}
