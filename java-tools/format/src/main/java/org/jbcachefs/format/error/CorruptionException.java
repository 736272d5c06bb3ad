// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.error;

/**
 * Bytes that contradict the format. {@link #errorName()} is the format's own fsck error id by name,
 * e.g. "bkey_val_size_too_small".
 */
public final class CorruptionException extends BcachefsException {
  private static final long serialVersionUID = 1;

  private final String errorName;

  public CorruptionException(String errorName, Place place, String what) {
    super(place, what, null);
    this.errorName = errorName;
  }

  /**
   * The fsck error id's name as in the superblock's errors section, or a name of the same form
   * where the format has none.
   */
  public String errorName() {
    return errorName;
  }
}
