// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.io.IOException;
import java.util.Map;

/** Changes how a mounted filesystem is mounted. Thread-safe. */
public interface Remounting {
  /**
   * Does what mount(8)'s {@code -o remount} asks for.
   *
   * @param words options, those of {@code remount} itself and of FUSE among them
   */
  void remount(Map<String, String> words) throws IOException;

  /**
   * How it would be mounted then, as mount(8) lists it; nothing is changed.
   *
   * @param words as for {@link #remount}
   */
  String wouldBe(Map<String, String> words) throws IOException;
}
