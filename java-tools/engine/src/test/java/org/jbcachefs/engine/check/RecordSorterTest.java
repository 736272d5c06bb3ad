// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordSorterTest {
  private static final long SEED = 7;

  @TempDir private Path directory;

  @Test
  void recordsComeBackInOrderThoughTheyDoNotFitInMemory() throws IOException {
    List<long[]> expected = sortAndCompare(50_000, 1 << 20);
    assertEquals(50_000, expected.size());
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(), left.toList(), "temporary files");
    }
  }

  @Test
  void fewRecordsNeedNoFile() throws IOException {
    RecordSorter sorter = new RecordSorter(2, 2, 1 << 20, directory.resolve("missing"));
    RecordSorter.Writer writer = sorter.writer();
    writer.add(-1, 3);
    writer.add(1, 2);
    writer.close();
    SortedRecords sorted = sorter.sorted();
    assertTrue(sorted.next());
    assertEquals(1, sorted.get(0));
    assertTrue(sorted.next());
    assertEquals(-1, sorted.get(0), "unsigned");
    assertFalse(sorted.next());
    sorter.close();
  }

  private List<long[]> sortAndCompare(int count, long memory) {
    Random random = new Random(SEED);
    List<long[]> expected = new ArrayList<>();
    try (RecordSorter sorter = new RecordSorter(3, 2, memory, directory)) {
      List<RecordSorter.Writer> writers =
          List.of(sorter.writer(), sorter.writer(), sorter.writer());
      for (int i = 0; i < count; i++) {
        long[] record = {random.nextInt(-50, 50), random.nextLong(), i};
        expected.add(record);
        writers.get(i % 3).add(record, 0);
      }
      writers.forEach(RecordSorter.Writer::close);
      expected.sort((a, b) -> {
        int order = Long.compareUnsigned(a[0], b[0]);
        return order != 0 ? order : Long.compareUnsigned(a[1], b[1]);
      });
      assertEquals(count, sorter.records());
      SortedRecords sorted = sorter.sorted();
      for (long[] record : expected) {
        assertTrue(sorted.next());
        for (int i = 0; i < 3; i++) {
          assertEquals(record[i], sorted.get(i), "seed " + SEED);
        }
      }
      assertFalse(sorted.next());
    }
    return expected;
  }
}
