// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.control;

import java.util.Optional;
import java.util.function.Consumer;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.Finding;

/** A mounted filesystem for those who check and repair it. Thread-safe. */
public interface MountedChecks {
  /** What is being changed; empty if nothing can be, or nothing is at the moment. */
  Optional<WritableFilesystem> writable();

  /**
   * What is on the devices, where nothing is being changed: opened once more, for a check.
   *
   * @param findings told of what reading finds; the devices stay open when it is closed
   */
  ReadFilesystem atRest(Consumer<Finding> findings);

  /**
   * Does something while nobody changes anything; whoever wants to waits meanwhile.
   *
   * @throws org.jbcachefs.format.error.RefusedException if somebody does not come to an end
   */
  void quietly(Runnable work);

  /**
   * To be called before names or attributes are repaired; what it returns is to be run afterwards,
   * and lets the kernel forget what it keeps of them.
   */
  Runnable forgetting();
}
