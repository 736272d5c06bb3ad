// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

/** Where a mounted filesystem's troubles are told: standard error, or syslog. Thread-safe. */
public interface SessionLog {
  /** One sentence about what happens as it should. */
  void remark(String sentence);

  /** One sentence that people should know of. */
  void warning(String sentence);

  /** A defect of this program; {@code trace} is its stack trace. */
  void defect(String sentence, Throwable trace);
}
