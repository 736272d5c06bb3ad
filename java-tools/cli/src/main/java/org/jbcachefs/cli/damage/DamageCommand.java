// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.damage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.cli.CliCommand;
import org.jbcachefs.cli.ExitCode;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.UsageException;
import org.jbcachefs.cli.open.ReadOptions;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.damage.DamageSurvey;
import org.jbcachefs.engine.damage.FileDamage;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code damage}. */
@Command(
    name = "damage",
    description = {
      "Says which files of a filesystem that is not mounted are hurt, and how: byte ranges that are"
          + " lost, copies that are damaged, and errors in the metadata. It runs the checks of fsck"
          + " and reads everything as verify does; changes nothing. A filesystem of version 1.39"
          + " also remembers what its files were repaired of.",
      "Exit code 0: nothing is damaged; 3: something is."
    })
public final class DamageCommand implements CliCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "DEVICE",
      description = "Image files or devices, or UUID=...")
  private List<String> devices = new ArrayList<>();

  @Option(names = "--under", paramLabel = "PATH", description = "Only files at or below that path.")
  private String under;

  @Option(names = "--no-check", description = "Do not check the metadata.")
  private boolean noCheck;

  @Option(names = "--no-verify", description = "Do not read everything.")
  private boolean noVerify;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "How many threads work; without it one for each processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Mixin private ReadOptions read = new ReadOptions();

  @Override
  public int run(Invocation invocation) throws IOException {
    if (noCheck && noVerify) {
      throw new UsageException("with --no-check and --no-verify nothing would be done");
    }
    if (threads < 1) {
      throw new UsageException("--threads takes a number from 1 on");
    }
    ReadingFindings reading = new ReadingFindings();
    try (ReadFilesystem filesystem = read.openForCheck(invocation, read.members(devices), reading);
        Progress progress = invocation.progress("looking for damage")) {
      DamageSurvey survey = new DamageSurvey(filesystem, listener(progress));
      if (!noCheck) {
        survey.check(reading, CheckOptions.defaults().withThreads(threads));
      }
      if (!noVerify) {
        survey.verify(threads);
      }
      survey.recorded();
      progress.erase();
      List<FileDamage> files = survey.files().stream().filter(this::wanted).toList();
      DamageView view = new DamageView(files, survey.elsewhere(), filesystem.superblock());
      view.write(invocation.out());
      return view.isDamage() ? ExitCode.DAMAGE : ExitCode.DONE;
    }
  }

  private boolean wanted(FileDamage file) {
    if (under == null || under.equals("/")) {
      return true;
    }
    byte[] prefix = Names.encode(under.endsWith("/") ? under : under + "/");
    byte[] path =
        (new String(file.path(), StandardCharsets.ISO_8859_1) + "/")
            .getBytes(StandardCharsets.ISO_8859_1);
    return path.length >= prefix.length
        && Arrays.equals(path, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static DamageSurvey.Listener listener(Progress progress) {
    return new DamageSurvey.Listener() {
      @Override
      public void begin(String what) {
        progress.begin(what);
      }

      @Override
      public void total(long bytes) {
        progress.total(-1, bytes);
      }

      @Override
      public void read(long bytes) {
        progress.did(1, bytes);
      }
    };
  }
}
