// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.jbcachefs.block.jni.Errno;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.NotFoundException;
import org.jbcachefs.format.error.PassphraseException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private static final FileId FILE = new FileId(1, -1, 5000);

  private final RecordingLog log = new RecordingLog();
  private final AtomicLong clock = new AtomicLong();
  private final Failures failures = new Failures(log, file -> "/a/b", clock::get);

  @Test
  void eachKindOfErrorHasItsErrno() {
    Place place = Place.NOWHERE;
    assertEquals(-Errno.ENOENT, failures.errno("x", FILE, new NotFoundException(place, "no")));
    assertEquals(-Errno.EPERM, failures.errno("x", FILE, new RefusedException("r", place, "no")));
    assertEquals(-Errno.ENOKEY, failures.errno("x", FILE, new PassphraseException(place, "no")));
    assertTrue(log.lines.isEmpty(), log.lines::toString);
    assertEquals(-Errno.EIO, failures.errno("x", FILE, new CorruptionException("c", place, "no")));
    assertEquals(-Errno.EIO, failures.errno("x", FILE, new LostDataException(place, "no")));
    assertEquals(-Errno.EIO, failures.errno("x", FILE, new DeviceException(place, "no")));
    assertEquals(3, log.lines.size());
  }

  @Test
  void anInputOutputErrorIsLoggedWithPathAndPlace() {
    Place place = Place.device("/dev/sdx", 4096).in("extent").at("5000:8:U32_MAX");
    failures.errno("read of 10 bytes at 0", FILE, new LostDataException(place, "no copy is left"));
    assertEquals(
        "/a/b: read of 10 bytes at 0: /dev/sdx byte 4096 extent at 5000:8:U32_MAX: no copy is left",
        log.lines.getFirst());
  }

  @Test
  void aFloodOfErrorsIsCutAndCounted() {
    LostDataException e = new LostDataException(Place.NOWHERE, "gone");
    for (int i = 0; i < 100; i++) {
      failures.errno("read", FILE, e);
    }
    assertEquals(20, log.lines.size());
    clock.addAndGet(61_000_000_000L);
    failures.errno("read", FILE, e);
    assertEquals(21, log.lines.size());
    assertTrue(log.lines.getLast().endsWith("(80 more such errors were not shown)"));
  }

  @Test
  void aPathThatCannotBeFoundDoesNotHideTheError() {
    Failures pathless =
        new Failures(
            log,
            file -> {
              throw new CorruptionException("c", Place.NOWHERE, "no parent");
            },
            clock::get);
    pathless.errno("read", FILE, new LostDataException(Place.NOWHERE, "gone"));
    assertEquals("inode 5000 in subvolume 1: read: gone", log.lines.getFirst());
  }
}
