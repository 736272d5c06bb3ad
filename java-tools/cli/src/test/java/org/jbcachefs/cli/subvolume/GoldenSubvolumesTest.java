// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.subvolume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.cli.CommandRunner;
import org.jbcachefs.cli.testing.GoldenArguments;
import org.jbcachefs.cli.testing.Outside;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the reference printed on the mounted filesystem, for every golden one. */
final class GoldenSubvolumesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Those whose kernel had the ioctls that the reference's tool asks. */
  static List<String> names() {
    return GoldenImages.names().stream()
        .filter(name -> String.valueOf(GoldenImages.text(name, "subvolumes.txt")).startsWith("["))
        .toList();
  }

  private static Outside run(String name, List<String> words) {
    Outside outside = new Outside();
    int code = CommandRunner.run(outside, GoldenArguments.of(name, words, List.of()));
    assertEquals(0, code, () -> name + ": " + outside.err());
    return outside;
  }

  /** Everything that the reference says, we say; we may say more. */
  private static void assertHolds(String where, JsonNode expected, JsonNode actual) {
    if (expected.isArray()) {
      assertEquals(expected.size(), actual.size(), where);
      for (int i = 0; i < expected.size(); i++) {
        assertHolds(where + "[" + i + "]", expected.get(i), actual.get(i));
      }
    } else if (expected.isObject()) {
      for (Map.Entry<String, JsonNode> field : expected.properties()) {
        assertTrue(actual.has(field.getKey()), () -> where + "." + field.getKey());
        assertHolds(where + "." + field.getKey(), field.getValue(), actual.get(field.getKey()));
      }
    } else {
      assertEquals(expected, actual, where);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void theListHoldsAllThatTheReferenceListed(String name) throws IOException {
    JsonNode expected = JSON.readTree(GoldenImages.text(name, "subvolumes.txt"));
    Outside outside = run(name, List.of("subvolume", "list", "--json", "-R", "-s"));
    JsonNode ours = JSON.readTree(outside.out());
    assertEquals(1, ours.get("jbcachefs_json").asInt());
    assertHolds(name, expected, ours.get("data"));
  }

  @ParameterizedTest
  @MethodSource("names")
  void theSnapshotTreeOfTheRootIsTheReferences(String name) {
    String all = GoldenImages.text(name, "subvolumes.txt");
    String tree = all.substring(all.lastIndexOf("]\n\n") + 3);
    assertEquals(tree, run(name, List.of("subvolume", "list-snapshots")).out());
  }
}
