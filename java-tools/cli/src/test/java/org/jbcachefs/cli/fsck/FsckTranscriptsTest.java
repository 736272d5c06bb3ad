// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.fsck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Output;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.testing.Outside;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.check.cases.CaseFile;
import org.jbcachefs.engine.check.cases.FsckCase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code fsck -y -r} prints of each case of {@code tests/fsck} that can be repaired, and what
 * a second run prints, held against {@code tests/fsck/transcripts}. With {@code
 * -Djbcachefs.fsck.transcripts=FOLDER} they are written there instead.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FsckTranscriptsTest {
  private static final String ONLY = System.getProperty("jbcachefs.fsck.case", "");
  private static final String MADE = System.getProperty("jbcachefs.fsck.transcripts", "");
  private static final Path FOLDER =
      Path.of(System.getProperty("jbcachefs.root")).resolve("tests/fsck");
  private static final String CASE = "== ";
  private static final int FEWEST = 250;
  private static final int MOST_OF_ONE_KIND = 10;

  private final Map<String, String> expected = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> made = new TreeMap<>();

  @TempDir private static Path spill;

  private static Stream<FsckCase> cases() {
    return CaseFile.readAll(FOLDER).stream().filter(FsckCase::isMendable);
  }

  private static Path transcript(Path folder, String cases) {
    return folder.resolve(cases.replace(".cases", ".txt"));
  }

  @BeforeAll
  void read() throws IOException {
    for (String file : cases().map(FsckCase::file).collect(Collectors.toSet())) {
      Path path = transcript(FOLDER.resolve("transcripts"), file);
      StringBuilder text = null;
      String name = null;
      for (String line : Files.exists(path) ? Files.readAllLines(path) : List.<String>of()) {
        if (line.startsWith(CASE)) {
          put(name, text);
          name = line.substring(CASE.length());
          text = new StringBuilder();
        } else if (text != null) {
          text.append(line).append('\n');
        }
      }
      put(name, text);
    }
  }

  private void put(String name, StringBuilder text) {
    if (name != null) {
      expected.put(name, text.toString().strip());
    }
  }

  @TestFactory
  Stream<DynamicTest> whatIsPrintedIsWhatWasReviewed() {
    return cases()
        .filter(one -> one.toString().contains(ONLY))
        .map(one -> DynamicTest.dynamicTest(one.toString(), () -> compare(one)));
  }

  private void compare(FsckCase subject) {
    String printed = run(subject).strip();
    if (!MADE.isEmpty()) {
      made.computeIfAbsent(subject.file(), _ -> new LinkedHashMap<>()).put(subject.name(), printed);
      return;
    }
    assertEquals(
        expected.get(subject.name()),
        printed,
        () ->
            subject.edits()
                + "\nreproduce: -Dtest=FsckTranscriptsTest -Djbcachefs.fsck.case="
                + subject.name());
  }

  /** Both runs, as somebody would see them on a terminal. */
  private static String run(FsckCase subject) {
    List<BlockDevice> devices = subject.devices();
    try {
      return run(subject, devices) + run(subject, devices);
    } finally {
      devices.forEach(BlockDevice::close);
    }
  }

  private static String run(FsckCase subject, List<BlockDevice> devices) {
    Outside outside = new Outside();
    Invocation invocation = outside.invocation(Output.Form.TEXT, "fsck");
    CheckOptions check = CheckOptions.defaults().withThreads(2).withSpill(spill);
    int code;
    try (Progress line = invocation.progress("fsck")) {
      code =
          new FsckRepair(invocation, line, RepairAnswers.all(), MOST_OF_ONE_KIND, false)
              .run(devices, subject.open(), check, false);
    }
    invocation.out().text().flush();
    return "$ fsck -y -r\n"
        + normalized(subject, outside.out())
        + outside.err()
        + "exit code "
        + code
        + "\n";
  }

  /** Without where this machine keeps the images. */
  private static String normalized(FsckCase subject, String text) {
    String said = text;
    List<Path> images = new ArrayList<>(GoldenImages.images(subject.base()));
    for (Path image : images) {
      said = said.replace(image.toString(), image.getFileName().toString());
    }
    return said;
  }

  @AfterAll
  void write() throws IOException {
    for (Map.Entry<String, Map<String, String>> file : made.entrySet()) {
      StringBuilder text = new StringBuilder("# SPDX-License-Identifier: GPL-2.0-or-later\n");
      text.append("# What fsck says of the cases of ").append(file.getKey());
      text.append(", and what it says afterwards; see ../README.md.\n");
      file.getValue()
          .forEach((name, said) ->
              text.append('\n').append(CASE).append(name).append('\n').append(said).append('\n'));
      Files.writeString(transcript(Path.of(MADE), file.getKey()), text.toString());
    }
  }

  @Test
  void everyCaseHasOneAndNoneIsLeftOver() {
    if (!MADE.isEmpty()) {
      return;
    }
    Set<String> names = cases().map(FsckCase::name).collect(Collectors.toSet());
    assertEquals(names, Set.copyOf(expected.keySet()));
    assertTrue(names.size() >= FEWEST, () -> names.size() + " cases");
  }

  @Test
  void everySecondRunFindsNothing() {
    expected.forEach((name, text) ->
        assertTrue(text.endsWith("$ fsck -y -r\nnothing is wrong\nexit code 0"), name));
  }
}
