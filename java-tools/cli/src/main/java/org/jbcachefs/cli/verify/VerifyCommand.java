// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.verify;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.data.Verify;
import org.jbcachefs.engine.data.VerifyTotals;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code verify}. */
@Command(
    name = "verify",
    description = {
      "Reads every copy of everything that is live on a filesystem that is not mounted, and checks"
          + " it: superblocks, journal, btree nodes, data, erasure-coded stripes with their parity."
          + " Changes nothing.",
      "Names the files that show what is damaged. Exit code 0: all good; 3: something is damaged."
    })
public final class VerifyCommand implements CliCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "DEVICE",
      description = "Image files or devices, or UUID=...")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "How many threads read and check; without it one for each processor or member.")
  private int threads;

  @Mixin private ReadOptions read = new ReadOptions();

  @Override
  public int run(Invocation invocation) throws IOException {
    try (ReadFilesystem filesystem = read.open(invocation, read.members(devices), false);
        Progress progress = invocation.progress("verifying")) {
      long began = invocation.clock().millis();
      DamageReport report = new DamageReport(invocation.out(), progress);
      VerifyTotals totals =
          new Verify(filesystem.verifySubject(), threads(filesystem), report).run();
      progress.erase();
      report.totals(totals, invocation.clock().millis() - began);
      return report.damages() == 0 ? ExitCode.DONE : ExitCode.DAMAGE;
    }
  }

  private int threads(ReadFilesystem filesystem) {
    return threads > 0
        ? threads
        : Math.max(Runtime.getRuntime().availableProcessors(), filesystem.devices().size());
  }
}
