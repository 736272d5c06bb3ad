// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

/**
 * Where data should go, as one number: 0 anywhere, 1 to 256 a device, above a label of the disk
 * groups section. Source: {@code target_decode}.
 *
 * @param index of the device or label
 */
public record Target(Kind kind, int index) {
  /** Number of the first label; devices lie below. */
  public static final int FIRST_LABEL = 257;

  /** What a target names. */
  public enum Kind {
    NONE,
    DEVICE,
    LABEL
  }

  public static Target of(int number) {
    if (number == 0) {
      return new Target(Kind.NONE, 0);
    }
    return number < FIRST_LABEL
        ? new Target(Kind.DEVICE, number - 1)
        : new Target(Kind.LABEL, number - FIRST_LABEL);
  }

  public int number() {
    return switch (kind) {
      case NONE -> 0;
      case DEVICE -> index + 1;
      case LABEL -> index + FIRST_LABEL;
    };
  }
}
