// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.util.Optional;
import org.jbcachefs.fuse.session.ChangeGate;

/**
 * What a command in a daemon may change: from the first time that it asks until it ends nobody
 * makes the filesystem read-only. For one thread.
 */
public final class ChangesNow implements AutoCloseable {
  private final Optional<MountedChanges> changes;
  private final ChangeGate gate;
  private boolean inside;

  /**
   * What there is to be changed.
   *
   * @param changes empty where nothing can ever be changed
   * @param gate what changes go through; null there
   */
  public ChangesNow(Optional<MountedChanges> changes, ChangeGate gate) {
    this.changes = changes;
    this.gate = gate;
  }

  /** Empty if nothing may be changed at the moment. */
  public Optional<MountedChanges> get() {
    inside = inside || (changes.isPresent() && gate.enter());
    return inside ? changes : Optional.empty();
  }

  @Override
  public void close() {
    if (inside) {
      inside = false;
      gate.leave();
    }
  }
}
