// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CheckpointTest {
  @Test
  void itCountsWhatIsDoneWithoutAGap() {
    Checkpoint checkpoint = new Checkpoint();
    checkpoint.done(1);
    assertEquals(0, checkpoint.reached());
    checkpoint.done(0);
    assertEquals(2, checkpoint.reached());
    checkpoint.done(3);
    assertEquals(2, checkpoint.reached());
  }

  @Test
  void anyOrderEndsAtTheSameCount() {
    List<Long> numbers = new ArrayList<>();
    for (long i = 0; i < 50_000; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, new Random(3));
    Checkpoint checkpoint = new Checkpoint();
    numbers.forEach(checkpoint::done);
    assertEquals(50_000, checkpoint.reached());
  }
}
