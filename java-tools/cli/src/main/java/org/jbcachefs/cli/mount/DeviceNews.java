// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.DeviceEvent;
import org.jbcachefs.fuse.session.Session;
import org.jbcachefs.fuse.session.SessionLog;

/**
 * What the kernel module tells of the devices of a mount: where a device is gone or refuses writes
 * the filesystem goes on without it, or ends all changing at once, before writes fail on it; a new
 * size is only said. Thread-safe.
 */
final class DeviceNews implements Consumer<DeviceEvent> {
  private final SessionLog log;
  private final List<Lost> lostBefore = new ArrayList<>();
  private MountedFilesystem filesystem;
  private Session session;

  private record Lost(BlockDevice device, String why) {}

  DeviceNews(SessionLog log) {
    this.log = log;
  }

  /**
   * From now on the filesystem and its session hear of lost devices, at once of those of before.
   */
  synchronized void tell(MountedFilesystem mounted, Session serving) {
    filesystem = mounted;
    session = serving;
    lostBefore.forEach(this::lost);
    lostBefore.clear();
  }

  @Override
  public void accept(DeviceEvent event) {
    String device = event.device().name();
    switch (event.kind()) {
      case GONE -> lost(new Lost(event.device(), device + " is gone"));
      case READ_ONLY -> lost(new Lost(event.device(), device + " refuses writes"));
      case WRITABLE -> log.remark(device + " takes writes again; mount anew to change anything");
      case RESIZED ->
          log.remark(
              device
                  + " now has "
                  + event.value()
                  + " bytes; the filesystem keeps the part that it has");
    }
  }

  private synchronized void lost(Lost lost) {
    if (session == null) {
      lostBefore.add(lost);
    } else if (!filesystem.goesOnWithout(lost.device, lost.why)) {
      session.deviceLost(lost.why);
    }
  }
}
