// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the fuzzer in a JVM of its own, whose memory is limited. */
class FuzzTest {
  private static final int CASES = 20_000;
  private static final int CASES_NIGHTLY = 200_000;

  @Test
  void damagedFilesystemsGiveOurErrorsAndNothingElse() throws IOException, InterruptedException {
    boolean nightly = Boolean.getBoolean("jbcachefs.nightly");
    int cases = Integer.getInteger("jbcachefs.fuzz.cases", nightly ? CASES_NIGHTLY : CASES);
    long seedBase = Long.getLong("jbcachefs.seedBase", 1);
    List<String> lines = run(Integer.toString(cases), Long.toString(seedBase));
    assertTrue(
        lines.getLast().startsWith("fuzz: " + cases + " cases"), () -> String.join("\n", lines));
  }

  private static List<String> run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    for (String name : List.of("jbcachefs.root", "jbcachefs.golden.cache")) {
      if (System.getProperty(name) != null) {
        command.add("-D" + name + "=" + System.getProperty(name));
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Fuzz.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      reader.lines().forEach(lines::add);
    }
    lines.stream().filter(FuzzTest::isForPeople).forEach(System.out::println);
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
    return lines;
  }

  private static boolean isForPeople(String line) {
    return !line.startsWith("fuzz: hit");
  }
}
