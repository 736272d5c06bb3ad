// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mount --dry-run} of a filesystem that was not unmounted: it is recovered in memory. */
class MountDryRunTest {
  @TempDir private Path folder;

  private final Outside outside = new Outside();

  private Path image() throws IOException {
    Path golden = GoldenImages.images("dirty-journal-1").getFirst();
    return Files.copy(golden, folder.resolve("image"));
  }

  @Test
  void itSaysWhatWouldBeMountedAndWritesNothing() throws IOException {
    Path image = image();
    int code = CommandLineUse.run(outside, "mount", "--dry-run", image.toString());
    assertEquals(MountExit.DONE, code, outside.err());
    assertTrue(outside.out().startsWith("would mount filesystem "), outside.out());
    assertTrue(outside.out().endsWith(", read-write\n"), outside.out());
    assertEquals(-1, Files.mismatch(image, GoldenImages.images("dirty-journal-1").getFirst()));
  }

  @Test
  void readOnlyItSaysWhere() throws IOException {
    String image = image().toString();
    int code = CommandLineUse.run(outside, "mount", "--dry-run", "-o", "ro", image, "" + folder);
    assertEquals(MountExit.DONE, code, outside.err());
    assertTrue(outside.out().endsWith(", read-only at " + folder + "\n"), outside.out());
  }
}
