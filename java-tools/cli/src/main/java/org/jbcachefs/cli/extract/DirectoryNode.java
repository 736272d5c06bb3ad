// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;

/**
 * A directory being extracted: it is finished (owner, mode, times, which writing into it would
 * change) when the walk has left it and everything in it is done. Thread-safe.
 */
final class DirectoryNode {
  private final DirectoryNode parent;
  private final Destination.Directory place;
  private final FileId file;
  private final Attributes attributes;
  private final byte[] path;

  /** The walk itself counts as one. */
  private final AtomicLong pending = new AtomicLong(1);

  /**
   * @param parent null for where the extraction begins
   * @param attributes null if they are not to be set
   * @param path in the image
   */
  DirectoryNode(
      DirectoryNode parent,
      Destination.Directory place,
      FileId file,
      Attributes attributes,
      byte[] path) {
    this.parent = parent;
    this.place = place;
    this.file = file;
    this.attributes = attributes;
    this.path = path;
  }

  DirectoryNode parent() {
    return parent;
  }

  Destination.Directory place() {
    return place;
  }

  FileId file() {
    return file;
  }

  Attributes attributes() {
    return attributes;
  }

  byte[] path() {
    return path;
  }

  void began() {
    pending.incrementAndGet();
  }

  /** One of what is in it is done; true if that was the last. */
  boolean ended() {
    return pending.decrementAndGet() == 0;
  }
}
