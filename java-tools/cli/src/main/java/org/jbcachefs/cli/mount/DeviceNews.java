// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.function.Consumer;
import org.jbcachefs.block.DeviceEvent;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;

/**
 * What the kernel module tells of the devices of a mount: a device that is gone or refuses writes
 * ends all changing at once, before writes fail on it; a new size is only said. Thread-safe.
 */
final class DeviceNews implements Consumer<DeviceEvent> {
  private final SessionLog log;
  private Session session;
  private String lostBefore;

  DeviceNews(SessionLog log) {
    this.log = log;
  }

  /** From now on the session hears of lost devices, at once of one that was lost before. */
  synchronized void tell(Session mounted) {
    session = mounted;
    if (lostBefore != null) {
      mounted.deviceLost(lostBefore);
    }
  }

  @Override
  public void accept(DeviceEvent event) {
    String device = event.device().name();
    switch (event.kind()) {
      case GONE -> lost(device + " is gone");
      case READ_ONLY -> lost(device + " refuses writes");
      case WRITABLE -> log.remark(device + " takes writes again; mount anew to change anything");
      case RESIZED ->
          log.remark(
              device
                  + " now has "
                  + event.value()
                  + " bytes; the filesystem keeps the part that it has");
    }
  }

  private synchronized void lost(String what) {
    if (session == null) {
      lostBefore = what;
    } else {
      session.deviceLost(what);
    }
  }
}
