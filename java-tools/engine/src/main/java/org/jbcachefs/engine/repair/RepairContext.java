// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair;

import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.WritableFilesystem;

/**
 * What repairs work with: the filesystem, open for writing.
 *
 * @param filesystem is closed by whoever opened it
 * @param options memory and temporary files
 */
public record RepairContext(WritableFilesystem filesystem, CheckOptions options) {
  /** The btrees as they are at any moment. */
  public Btrees btrees() {
    return filesystem.btrees();
  }
}
