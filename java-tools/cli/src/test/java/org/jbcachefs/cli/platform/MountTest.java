// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MountTest {
  private static final List<String> LINES =
      List.of(
          "20 1 8:1 / / rw - ext4 /dev/root rw",
          "30 20 0:50 / /mnt/a\\040b rw,nosuid shared:1 - fuse.jbcachefs /x/img0:/x/img1 ro",
          "31 20 0:51 / /mnt rw - tmpfs none rw",
          "32 30 0:52 / /mnt/a\\040b rw - bcachefs /dev/sda:/dev/sdb rw");

  @Test
  void theLastMountOfTheLongestPointHoldsThePath() {
    Mount mount = Mount.holding(Path.of("/mnt/a b/c"), LINES).orElseThrow();
    assertEquals("/dev/sda:/dev/sdb", mount.source());
    assertEquals("bcachefs", mount.type());
    assertEquals(Path.of("/mnt/a b"), mount.point());
    assertEquals("tmpfs", Mount.holding(Path.of("/mnt/other"), LINES).orElseThrow().type());
    assertEquals("ext4", Mount.holding(Path.of("/mnt2"), LINES).orElseThrow().type());
  }
}
