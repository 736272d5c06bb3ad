// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.FileBlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.check.Check;
import org.jbcachefs.engine.check.CheckFinding;
import org.jbcachefs.engine.check.CheckListener;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.ReadingFindings;
import org.jbcachefs.engine.edit.EditResult;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Finding;

/**
 * Damages copies of a golden filesystem and has them checked twice. Prints a line for each seed
 * where the other checker objects and ours does not; the exit code says whether there was one.
 *
 * <pre>Agreement GOLDEN SEEDS SEED_BASE FOLDER COMMAND...</pre>
 *
 * <p>The command gets the images as further words; it must not change them, and it objects by an
 * exit code other than 0. A line {@code ERRID name} in what it prints names an error id.
 */
public final class Agreement {
  /**
   * What the 1.13 tools say of a filesystem that is not clean, whatever is in its journal, and of
   * features that came after them.
   */
  private static final List<String> REFUSALS =
      List.of("needs recovery from older version", "Filesystem has incompatible features");

  private static final int OTHER_SECONDS = 40;
  private static final long OURS_MILLIS = 60_000;
  private static final int MOST_FINDINGS = 1_000_000;

  private final String golden;
  private final Inventory inventory;
  private final List<Path> images = new ArrayList<>();
  private final List<Path> pristine;
  private final List<String> command;
  private final Path folder;

  private Agreement(String golden, Path folder, List<String> command) throws IOException {
    this.golden = golden;
    this.folder = folder;
    this.command = command;
    this.inventory = new Inventory(golden);
    this.pristine = GoldenImages.images(golden);
    for (Path image : pristine) {
      Path copy = folder.resolve(golden + "-" + image.getFileName());
      sparseCopy(image, copy);
      images.add(copy);
    }
  }

  private static void sparseCopy(Path from, Path to) throws IOException {
    Files.deleteIfExists(to);
    byte[] zeros = new byte[1 << 16];
    try (BlockDevice in = FileBlockDevice.openReadOnly(from);
        BlockDevice out = FileBlockDevice.create(to, in.size())) {
      for (long at = 0; at < in.size(); at += zeros.length) {
        byte[] part = new byte[(int) Math.min(zeros.length, in.size() - at)];
        in.read(at, MemorySegment.ofArray(part));
        if (!java.util.Arrays.equals(part, 0, part.length, zeros, 0, part.length)) {
          out.write(at, MemorySegment.ofArray(part));
        }
      }
    }
  }

  /** Runs it. */
  public static void main(String[] words) throws IOException, InterruptedException {
    String golden = words[0];
    long base = Long.parseLong(words[2]);
    Path folder = Path.of(words[3]);
    Agreement agreement = new Agreement(golden, folder, List.of(words).subList(4, words.length));
    int objections = 0;
    int alone = 0;
    int disagreements = 0;
    for (long seed = base; seed < base + Long.parseLong(words[1]); seed++) {
      Outcome outcome = agreement.one(seed);
      objections += outcome.other ? 1 : 0;
      alone += !outcome.other && !outcome.ours.isEmpty() ? 1 : 0;
      if (outcome.disagrees()) {
        disagreements++;
        System.out.println(outcome);
      } else if (Boolean.getBoolean("jbcachefs.agreement.all")) {
        System.out.println(outcome);
      }
    }
    for (Path image : agreement.images) {
      Files.delete(image);
    }
    System.out.println(
        golden
            + ": "
            + words[1]
            + " seeds from "
            + base
            + ": the other objects to "
            + objections
            + ", ours to "
            + alone
            + " more, disagreements "
            + disagreements);
    System.exit(disagreements == 0 ? 0 : 1);
  }

  private record Outcome(
      long seed,
      String golden,
      List<String> statements,
      boolean other,
      Set<String> theirs,
      Set<String> ours,
      String trouble) {
    boolean disagrees() {
      return trouble != null || (other && ours.isEmpty());
    }

    @Override
    public String toString() {
      Set<String> onlyTheirs = new TreeSet<>(theirs);
      onlyTheirs.removeAll(ours);
      List<String> shown =
          statements.stream().map(one -> one.length() > 120 ? one.substring(0, 120) : one).toList();
      return (disagrees() ? "DISAGREE " : "seed ")
          + golden
          + " "
          + seed
          + " "
          + shown
          + (other ? " other objects" : " other content")
          + " ours="
          + ours
          + " only theirs="
          + onlyTheirs
          + (trouble == null ? "" : " " + trouble);
    }
  }

  private Outcome one(long seed) throws IOException, InterruptedException {
    List<String> statements = RandomDamage.of(inventory, seed);
    List<EditResult.Write> writes = new ArrayList<>();
    List<String> done = damage(statements, writes);
    Set<String> theirs = new TreeSet<>();
    boolean other = !done.isEmpty() && others(theirs);
    Set<String> ours = new TreeSet<>();
    String trouble = ours(ours);
    restore(writes);
    return new Outcome(seed, golden, done, other, theirs, ours, trouble);
  }

  private OpenOptions options(ReadingFindings reading, boolean checking) {
    String passphrase = GoldenImages.passphrase(golden);
    return OpenOptions.defaults()
        .withThreads(1)
        .withFindings(reading)
        .withKeyChecks(checking)
        .withPassphrase(
            () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
  }

  /** Statements that cannot be carried out, often because of those before, are left out. */
  private List<String> damage(List<String> statements, List<EditResult.Write> writes) {
    List<String> done = new ArrayList<>();
    List<BlockDevice> devices = new ArrayList<>();
    images.forEach(image -> devices.add(FileBlockDevice.openReadWrite(image)));
    ImageEditor editor = new ImageEditor(devices, options(new ReadingFindings(), false));
    for (String statement : statements) {
      try {
        writes.addAll(editor.run(statement).writes());
        done.add(statement);
      } catch (BcachefsException _) {
        // Then it is not part of this case.
      }
    }
    devices.forEach(BlockDevice::close);
    return done;
  }

  private void restore(List<EditResult.Write> writes) {
    for (int i = 0; i < images.size(); i++) {
      try (BlockDevice good = FileBlockDevice.openReadOnly(pristine.get(i));
          BlockDevice copy = FileBlockDevice.openReadWrite(images.get(i))) {
        for (EditResult.Write write : writes) {
          if (write.device().equals(copy.name())) {
            byte[] bytes = new byte[(int) write.bytes()];
            good.read(write.offset(), MemorySegment.ofArray(bytes));
            copy.write(write.offset(), MemorySegment.ofArray(bytes));
          }
        }
      }
    }
  }

  private boolean others(Set<String> ids) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(command);
    images.forEach(image -> words.add(image.toString()));
    Path log = folder.resolve(golden + "-other.log");
    Process process =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(OTHER_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      return false;
    }
    try (var lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      List<String> said = lines.toList();
      if (said.stream().anyMatch(line -> REFUSALS.stream().anyMatch(line::contains))) {
        return false;
      }
      said.stream()
          .filter(line -> line.startsWith("ERRID "))
          .limit(MOST_FINDINGS)
          .forEach(line -> ids.add(line.substring("ERRID ".length())));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return process.exitValue() != 0;
  }

  /** Fills in what ours finds; returns what must not happen, null if nothing of it did. */
  private String ours(Set<String> found) {
    List<BlockDevice> devices = new ArrayList<>();
    images.forEach(image -> devices.add(FileBlockDevice.openReadOnly(image)));
    ReadingFindings reading = new ReadingFindings();
    long began = System.nanoTime();
    int[] count = new int[1];
    try (ReadFilesystem filesystem = ReadFilesystem.open(devices, options(reading, true))) {
      CheckOptions options = CheckOptions.defaults().withThreads(1).withSpill(folder);
      new Check(
              filesystem,
              reading,
              options,
              new CheckListener() {
                @Override
                public void finding(CheckFinding finding) {
                  found.add(finding.name());
                  count[0]++;
                }
              })
          .run();
    } catch (BcachefsException e) {
      found.add("refused " + Finding.of(e).name());
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      StackTraceElement at = e.getStackTrace().length > 0 ? e.getStackTrace()[0] : null;
      return "CRASH " + e + " at " + at;
    }
    long millis = (System.nanoTime() - began) / 1_000_000;
    if (millis > OURS_MILLIS) {
      return "SLOW " + millis + " ms";
    }
    return count[0] > MOST_FINDINGS ? "ENDLESS " + count[0] + " findings" : null;
  }
}
