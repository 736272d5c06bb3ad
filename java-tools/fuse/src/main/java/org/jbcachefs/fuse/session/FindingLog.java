// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jbcachefs.format.error.Finding;

/** Tells the log of damage that was met while files were read, not too often. Thread-safe. */
public final class FindingLog implements Consumer<Finding> {
  private static final int LINES_A_MINUTE = 20;

  private final SessionLog log;
  private final RateLimit limit;

  /**
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public FindingLog(SessionLog log, LongSupplier nanoClock) {
    this.log = log;
    this.limit = new RateLimit(LINES_A_MINUTE, nanoClock);
  }

  @Override
  public void accept(Finding finding) {
    if (finding.severity() == Finding.Severity.NOTE) {
      return;
    }
    long missed = limit.pass();
    if (missed >= 0) {
      String more = missed == 0 ? "" : " (" + missed + " more findings were not shown)";
      log.warning(finding.sentence() + more);
    }
  }
}
