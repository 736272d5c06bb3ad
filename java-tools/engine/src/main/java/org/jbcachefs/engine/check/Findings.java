// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

/** Where a pass, or one worker of a parallel scan, puts what it finds. */
public interface Findings {
  void report(CheckFinding finding);
}
