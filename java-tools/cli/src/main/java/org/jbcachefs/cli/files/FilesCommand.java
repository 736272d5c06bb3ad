// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.io.IOException;
import java.util.UUID;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.open.RescueSummary;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.BcachefsException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What commands that read files share: DEVS, how to open them, and where '/' is. */
public abstract class FilesCommand implements CliCommand {
  @Parameters(
      index = "0",
      paramLabel = "DEVS",
      description = "An image file or device, several joined by ':', or UUID=...")
  private String devices;

  @Mixin private ReadOptions read = new ReadOptions();
  @Mixin private ReadOptions.Rescue rescue = new ReadOptions.Rescue();
  @Mixin private TreeOptions tree = new TreeOptions();

  /** An opened filesystem as the commands use it. */
  public record Opened(UUID filesystem, Namespace namespace, FileData data, FileId root) {
    public PathResolver resolver() {
      return new PathResolver(namespace, root);
    }
  }

  @Override
  public final int run(Invocation invocation) throws IOException {
    try (ReadFilesystem filesystem =
        read.open(invocation, read.members(devices), rescue.rescue())) {
      Namespace namespace = filesystem.namespace();
      Opened opened =
          new Opened(
              filesystem.superblock().userUuid(),
              namespace,
              filesystem.data(),
              tree.root(namespace));
      int code = attempt(invocation, opened);
      RescueSummary.tell(invocation, filesystem);
      return code;
    }
  }

  /** What cannot be read of an open filesystem is damage, even if nothing else was asked for. */
  private int attempt(Invocation invocation, Opened opened) throws IOException {
    try {
      return run(invocation, opened);
    } catch (BcachefsException e) {
      return invocation.failedAt("", e);
    }
  }

  /** Does the command's work; the filesystem is closed afterwards. */
  protected abstract int run(Invocation invocation, Opened opened) throws IOException;
}
