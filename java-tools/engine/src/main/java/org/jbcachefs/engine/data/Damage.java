// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.util.List;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.error.Finding;

/**
 * Something that {@link Verify} found wrong.
 *
 * @param finding what and where; {@code LOST} if no good copy is left, {@code MENDED} if there is
 *     one
 * @param btree number of the btree of the key that is concerned; -1 if none is
 * @param level of that key; above 0 it points to a node
 * @param pos of that key; null if none is concerned
 * @param fileOffset first byte in the file, if it is a file's data, else -1
 * @param bytes how many bytes of the file
 * @param paths files that show it, as far as known, absolute from the root subvolume
 */
public record Damage(
    Finding finding,
    int btree,
    int level,
    Bpos pos,
    long fileOffset,
    long bytes,
    List<byte[]> paths) {
  public Damage {
    paths = List.copyOf(paths);
  }

  /** Damage of something that no key leads to. */
  static Damage of(Finding finding) {
    return new Damage(finding, -1, 0, null, -1, 0, List.of());
  }

  public boolean lost() {
    return finding.severity() == Finding.Severity.LOST;
  }
}
