// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.engine.fs.Attributes;

/**
 * Where a tree is written to. Thread-safe; all methods throw {@link DestinationException}. Names
 * are single names, checked by the caller; nothing follows symbolic links.
 */
interface Destination extends AutoCloseable {
  /** A directory below the destination, or the destination itself. */
  interface Directory {
    /** Its path as the user knows it, for messages. */
    String path();
  }

  /** A file being written. Belongs to one thread. */
  interface Sink extends AutoCloseable {
    void write(long offset, MemorySegment bytes) throws DestinationException;

    /** Makes the file that long; what was not written is a hole. */
    void setSize(long bytes) throws DestinationException;

    void xattr(byte[] name, byte[] value) throws DestinationException;

    /** Before xattrs: changing the owner takes capabilities away. */
    void owner(Attributes attributes) throws DestinationException;

    /** Mode and times; call it last. */
    void attributes(Attributes attributes, Keep keep) throws DestinationException;

    @Override
    void close() throws DestinationException;
  }

  /**
   * Which attributes to set.
   *
   * @param owners user and group; without them set-user-ID and set-group-ID are left out too, as
   *     they would give someone else's rights away
   */
  record Keep(boolean owners) {
    int mode(Attributes attributes) {
      return attributes.mode() & (owners ? 07777 : 01777);
    }
  }

  /** What is there already. */
  record Existing(FileType type, long size, long mtime) {}

  Directory root();

  /** Opens a directory, making it if it is not there. */
  Directory directory(Directory parent, byte[] name) throws DestinationException;

  /** Sets owner, mode and times of a directory that will not be used again. */
  void finish(Directory directory, Attributes attributes, Keep keep) throws DestinationException;

  /** Sets an xattr of a directory. */
  void xattr(Directory directory, byte[] name, byte[] value) throws DestinationException;

  /** Sets an xattr of a symbolic link or special file. */
  void xattr(Directory parent, byte[] name, byte[] xattr, byte[] value) throws DestinationException;

  /** Makes a new file. */
  Sink create(Directory parent, byte[] name) throws DestinationException;

  void symlink(Directory parent, byte[] name, byte[] target) throws DestinationException;

  /** Makes a fifo, socket or device node. */
  void special(Directory parent, byte[] name, Attributes attributes) throws DestinationException;

  /** Owner of something made by the two above. */
  void owner(Directory parent, byte[] name, Attributes attributes) throws DestinationException;

  /** Its mode (not of symbolic links) and times. */
  void attributes(Directory parent, byte[] name, Attributes attributes, Keep keep)
      throws DestinationException;

  void link(Directory fromParent, byte[] from, Directory parent, byte[] name)
      throws DestinationException;

  void rename(Directory parent, byte[] from, byte[] to) throws DestinationException;

  /** Removes anything but a directory. */
  void remove(Directory parent, byte[] name) throws DestinationException;

  /** What has that name, or null. */
  Existing existing(Directory parent, byte[] name) throws DestinationException;

  /** Makes everything written so far durable. */
  void sync() throws DestinationException;

  @Override
  void close();
}
