// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import org.jbcachefs.engine.fs.Namespace;

/**
 * What can be looked at in a filesystem, whether it is open for reading or for writing.
 * Thread-safe.
 */
public interface FilesystemView extends FilesystemParts, AutoCloseable {
  /** Files and directories. */
  Namespace namespace();

  /** Ends looking; whether the filesystem stays open depends on whose it is. */
  @Override
  void close();
}
