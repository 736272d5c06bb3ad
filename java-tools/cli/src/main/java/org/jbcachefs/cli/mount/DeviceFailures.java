// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.function.IntFunction;
import org.jbcachefs.engine.sb.MemberHealth;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.fuse.session.RateLimit;
import org.jbcachefs.fuse.session.SessionLog;

/** Tells the log of devices that fail, a few times a minute, and of those that are given up. */
final class DeviceFailures implements MemberHealth.Listener {
  private static final int LINES_A_MINUTE = 10;

  private final IntFunction<String> names;
  private final SessionLog log;
  private final RateLimit limit = new RateLimit(LINES_A_MINUTE, System::nanoTime);

  DeviceFailures(IntFunction<String> names, SessionLog log) {
    this.names = names;
    this.log = log;
  }

  @Override
  public void failed(int device, MemberError kind, DeviceException failure) {
    long missed = kind == MemberError.WRITE ? limit.pass() : -1;
    if (missed >= 0) {
      String more = missed == 0 ? "" : " (" + missed + " more such errors were not shown)";
      log.warning(failure.sentence() + more);
    }
  }

  @Override
  public void stopped(int device, String why) {
    log.warning(names.apply(device) + ": " + why + ": nothing is written to it any more");
  }
}
