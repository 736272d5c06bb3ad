// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * Where something was found: on which device, at which byte, in what structure, at which key.
 *
 * @param device the device's path or "device N"; null if no single device is concerned
 * @param offset byte offset on that device; -1 if unknown
 * @param structure what it is a part of ("superblock", "journal entry 12", "btree extents level
 *     0"); null if unknown
 * @param position the key position as text, "inode:offset:snapshot"; null if none
 */
public record Place(String device, long offset, String structure, String position) {
  public static final Place NOWHERE = new Place(null, -1, null, null);

  public static Place device(String device, long offset) {
    return new Place(device, offset, null, null);
  }

  public static Place structure(String structure) {
    return new Place(null, -1, structure, null);
  }

  public Place in(String structure) {
    return new Place(device, offset, structure, position);
  }

  public Place at(Object position) {
    return new Place(device, offset, structure, String.valueOf(position));
  }

  public Place on(String device, long offset) {
    return new Place(device, offset, structure, position);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, device);
    if (offset >= 0) {
      append(text, "byte " + offset);
    }
    append(text, structure);
    if (position != null) {
      append(text, "at " + position);
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String part) {
    if (part != null) {
      text.append(text.isEmpty() ? "" : " ").append(part);
    }
  }
}
