// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

/**
 * A filesystem as it was at one moment, to be read while it is being changed. Until it is closed no
 * bucket that has been emptied since is used again; btree nodes are never overwritten, and what
 * they get is behind what their pointers count. Where room runs short before that, room comes
 * first: then what is read may make no sense any more, and {@link #isIntact} says so. Thread-safe.
 */
public final class FrozenFilesystem implements AutoCloseable {
  private final ReadFilesystem filesystem;
  private final Runnable release;
  private boolean released;
  private volatile boolean intact = true;

  FrozenFilesystem(ReadFilesystem filesystem, Runnable release) {
    this.filesystem = filesystem;
    this.release = release;
  }

  /** What it was like. */
  public ReadFilesystem filesystem() {
    return filesystem;
  }

  /** Whether everything that was read was as it was at that moment. */
  public boolean isIntact() {
    return intact;
  }

  /** Room is needed: what was kept is given up. */
  void spoil() {
    intact = false;
    close();
  }

  @Override
  public synchronized void close() {
    if (!released) {
      released = true;
      release.run();
    }
  }
}
