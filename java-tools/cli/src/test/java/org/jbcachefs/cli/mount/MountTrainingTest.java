// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.cli.CommandLineUse;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The run that Java is trained with gets no request wrong, and leaves a filesystem that is whole.
 */
class MountTrainingTest {
  @TempDir private Path folder;

  @Test
  void eachRequestIsAnsweredAndTheFilesystemIsWholeAndEmptyAfterwards() throws IOException {
    Path image = folder.resolve("image");
    FileBlockDevice.create(image, 64 << 20).close();
    assertEquals(0, use("format", "-q", image.toString()).code());
    Outside outside = new Outside();
    new MountTraining(outside.invocation(Output.Form.TEXT, "mount"), image, 1).run();
    assertEquals("", outside.err());
    Used check = use("fsck", "-n", image.toString());
    assertEquals(0, check.code(), check.outside().out() + check.outside().err());
    assertEquals("lost+found\n", use("ls", image.toString(), "/").outside().out());
  }

  private record Used(int code, Outside outside) {}

  private static Used use(String... words) {
    Outside outside = new Outside();
    return new Used(CommandLineUse.run(outside, words), outside);
  }
}
