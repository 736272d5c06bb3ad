// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.tables.FsckError;

/**
 * Told of copies of data that could not be read, whether another one stood in or not; by any
 * thread, which may hold locks. What is known to be lost, and what lies on devices that are not
 * there, is no news.
 */
@FunctionalInterface
public interface ReadErrors {
  /** For whoever does not want to know. */
  ReadErrors IGNORED = (_, _) -> {};

  /**
   * A read failed, or would have.
   *
   * @param owner the key of the file that was read, a pointer to a shared extent included; valid
   *     for the call alone
   * @param error {@code DATA_READ_*} or {@code DATA_DECOMPRESS_*}
   */
  void met(Bkey owner, FsckError error);
}
