// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.format.tables.FilesystemOption;
import org.junit.jupiter.api.Test;

class OverridingWordsTest {
  private static Map<FilesystemOption, Long> values(Map<String, String> words) {
    List<BlockDevice> devices = new ArrayList<>();
    try {
      for (Path image : GoldenImages.images("replicas2-3dev")) {
        devices.add(FileBlockDevice.openReadOnly(image));
      }
      return OverridingWords.of(words).values(DeviceSetAssembly.assemble(devices));
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  @Test
  void whatConcernsDataCountsAndNothingElse() {
    assertEquals(
        Map.of(
            FilesystemOption.COMPRESSION, 0x33L,
            FilesystemOption.DATA_REPLICAS, 2L,
            FilesystemOption.NOCOW, 0L,
            FilesystemOption.WRITE_ERROR_TIMEOUT, 9L,
            FilesystemOption.ERASURE_CODE, 1L,
            FilesystemOption.FOREGROUND_TARGET, 0L),
        values(
            Map.of(
                "compression", "zstd:3",
                "data_replicas", "2",
                "nonocow", "",
                "write_error_timeout", "9",
                "erasure_code", "",
                "foreground_target", "none",
                "degraded", "yes",
                "errors", "ro")));
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThrows(UsageException.class, () -> values(Map.of("compression", "best")));
    assertThrows(UsageException.class, () -> values(Map.of("data_replicas", "many")));
    assertThrows(UsageException.class, () -> values(Map.of("foreground_target", "moon")));
  }
}
