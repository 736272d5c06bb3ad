// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BtreeId;

/** Who is told of what is read of files. Thread-safe. */
@FunctionalInterface
public interface ReadWatch {
  /** Nobody. */
  ReadWatch NONE = _ -> null;

  /** Told of what is read of one file. */
  @FunctionalInterface
  interface OfFile {
    /**
     * A range of an extent was read, and could be.
     *
     * @param key that was read, valid during the call
     * @param from first byte, counted from the key's start
     */
    void read(BtreeId btree, Bkey key, long from, long bytes);
  }

  /** A file is going to be read; null if nobody wants to know more. */
  OfFile of(FileId file);
}
