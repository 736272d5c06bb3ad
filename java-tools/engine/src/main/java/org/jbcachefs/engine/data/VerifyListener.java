// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

/** Told of what {@link Verify} does and finds; called by any thread, one at a time for damage. */
public interface VerifyListener {
  /** What all the work will amount to in bytes, about; -1 if that is not known. */
  void total(long bytes);

  /** That many more bytes were read. */
  void read(long bytes);

  /** Something is wrong. */
  void damage(Damage damage);
}
