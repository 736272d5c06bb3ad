// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import static org.jbcachefs.engine.journal.JournalFixture.NO_FLUSH;
import static org.jbcachefs.engine.journal.JournalFixture.cookies;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.jbcachefs.format.error.Finding;
import org.junit.jupiter.api.Test;

class JournalCheckTest {
  private static List<Finding> check(JournalFixture journal) {
    return JournalCheck.of(
        journal.reader(SeqBlacklist.EMPTY), JournalFixture.FORMAT, SeqBlacklist.EMPTY);
  }

  @Test
  void anyFlippedByteOfOneCopyOfALiveEntryIsFoundThoughThereIsAnother() {
    JournalFixture journal = new JournalFixture(2, 4);
    int end = 0;
    for (int device = 0; device < 2; device++) {
      int next = journal.write(device, 1, 0, 9, 9, 0, cookies(3, 90, 1));
      end = journal.write(device, 1, next, 10, 0, NO_FLUSH, cookies(3, 100, 2));
      journal.write(device, 2, 0, 11, 9, 0, cookies(3, 110, 3));
    }
    assertEquals(List.of(), check(journal));
    for (int at = 0; at < end * 512; at++) {
      assertFlipIsFound(journal, 0, 1, at);
    }
    for (int at = 0; at < 512; at++) {
      assertFlipIsFound(journal, 1, 2, at);
    }
  }

  private static void assertFlipIsFound(JournalFixture journal, int device, int bucket, int at) {
    journal.flip(device, bucket, at);
    assertFalse(check(journal).isEmpty(), "device " + device + " bucket " + bucket + " byte " + at);
    journal.flip(device, bucket, at);
  }

  @Test
  void aSingleCopyHasNoUnguardedByteEither() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 9, 9, 0, cookies(3, 90, 1));
    int end = journal.write(0, 0, next, 10, 9, 0, cookies(3, 100, 2));
    for (int at = 0; at < end * 512; at++) {
      assertFlipIsFound(journal, 0, 0, at);
    }
  }

  @Test
  void tornLeftoversOfEarlierCrashesAreNoDamage() {
    JournalFixture journal = new JournalFixture(1, 4);
    int next = journal.write(0, 0, 0, 9, 9, 0, cookies(3, 90, 1));
    int after = journal.write(0, 0, next, 10, 9, 0, cookies(3, 100, 2));
    journal.flip(0, 0, next * 512L + 90);
    journal.write(0, 0, after, 80, 9, 0, cookies(3, 100, 2));
    SeqBlacklist blacklist = SeqBlacklist.of(List.of(new SeqBlacklist.Range(10, 80)));
    assertEquals(
        List.of(), JournalCheck.of(journal.reader(blacklist), JournalFixture.FORMAT, blacklist));
  }
}
