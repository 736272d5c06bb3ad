// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.device;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jbcachefs.block.DeviceHolders.Holder;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.JsonWriter;
import org.jbcachefs.cli.output.Problem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code device claim-test}. */
@Command(
    name = "device claim-test",
    description = {
      "Tries whether each device could be held exclusively now, as mkfs, fsck and mount have to, and"
          + " gives it back at once; says who is in the way otherwise. Nothing is written.",
      "The kernel module claims it, if it is loaded; else the device is opened with O_EXCL, and an"
          + " image file is locked."
    })
public final class ClaimTestCommand implements CliCommand {
  @Parameters(arity = "1..*", paramLabel = "DEV", description = "Devices or image files.")
  private List<String> devices = new ArrayList<>();

  @Option(names = "--read-only", description = "For reading only.")
  private boolean readOnly;

  @Override
  public int run(Invocation invocation) throws IOException {
    ClaimTest test = new ClaimTest(invocation.devices().mode(), !readOnly);
    int exit = ExitCode.DONE;
    for (String device : devices) {
      ClaimTest.Outcome outcome = test.of(Path.of(device));
      if (invocation.out().isJson()) {
        invocation.out().item(json -> write(json, device, outcome));
      } else if (outcome.claimable()) {
        invocation
            .out()
            .text()
            .print(device + ": can be held exclusively (" + outcome.way().words() + ")\n");
      }
      if (!outcome.claimable()) {
        invocation.problem(new Problem("device", device, sentence(outcome)));
        exit = ExitCode.FAILED;
      }
    }
    return exit;
  }

  private static String sentence(ClaimTest.Outcome outcome) {
    StringBuilder text = new StringBuilder("cannot be held exclusively: ").append(outcome.why());
    for (Holder holder : outcome.holders()) {
      text.append(
          switch (holder.kind()) {
            case DEVICE -> "; it is part of " + holder.name();
            case MOUNT -> "; it is mounted at " + holder.name();
            case SWAP -> "; it is swapped to";
            case PROCESS -> "; it is claimed by process " + holder.name();
          });
    }
    return text.toString();
  }

  private void write(JsonWriter json, String device, ClaimTest.Outcome outcome) {
    json.beginObject().field("device", device).field("claimable", outcome.claimable());
    json.field("way", outcome.way().key()).field("read_only", readOnly);
    json.field("why", outcome.why());
    json.beginArray("holders");
    for (Holder holder : outcome.holders()) {
      json.beginObject();
      json.field("kind", holder.kind().name().toLowerCase(Locale.ROOT));
      json.field("name", holder.name()).endObject();
    }
    json.endArray().endObject();
  }
}
