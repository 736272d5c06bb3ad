// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.Arrays;
import org.jbcachefs.engine.journal.JournalCopy;
import org.jbcachefs.engine.journal.JournalReplay;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.journal.Jset;

/** Live jsets where they lie on their devices, restamped or not; the whole journal is replayed. */
final class JournalTarget implements Target {
  @Override
  public void run(Bench bench, Mutator mutator) {
    JsetSample jset = mutator.oneOf(bench.corpus().liveJsets());
    Bench.Image image = bench.image(jset.image());
    byte[] bytes = mutator.damage(jset.sample());
    boolean restamped = mutator.random().nextInt(4) != 0;
    if (restamped) {
      Restamp.jset(bytes, image.key());
    }
    long before = restamped ? 0 : digest(image.replay());
    try {
      for (JournalCopy copy : jset.copies()) {
        image.patch(copy.device().index(), copy.sector(), bytes);
      }
      JournalReplay replay = image.replay();
      long after = digest(replay);
      boolean silent = replay.findings().isEmpty() && before != after;
      if (!restamped && silent && !isErased(jset.sample().copy(), bytes)) {
        throw new AssertionError(
            "damage to byte "
                + Arrays.mismatch(jset.sample().copy(), bytes)
                + " of a journal entry of "
                + jset.image()
                + " goes unnoticed");
      }
    } finally {
      image.mend();
    }
  }

  /** Without its magic and what tells of an entry beside it, one looks as if never written. */
  private static boolean isErased(byte[] was, byte[] is) {
    return !equal(was, is, Jset.OFFSET_MAGIC, Jset.OFFSET_SEQ)
        && !equal(was, is, Jset.OFFSET_SEQ, Jset.OFFSET_ENCRYPTED);
  }

  private static boolean equal(byte[] a, byte[] b, int from, int to) {
    return Arrays.equals(a, from, to, b, from, to);
  }

  private static long digest(JournalReplay replay) {
    Digest digest = new Digest();
    digest.add(replay.firstSeq());
    digest.add(replay.lastSeq());
    for (int btree : replay.overlay().btrees()) {
      if (replay.overlay().root(btree) != null && replay.overlay().root(btree).key() != null) {
        digest.add(replay.overlay().root(btree).key());
      }
      for (int level = 0; level <= replay.overlay().topLevel(btree); level++) {
        add(digest, replay.overlay().keys(btree, level));
      }
    }
    add(digest, replay.overlay().accounting());
    return digest.value();
  }

  private static void add(Digest digest, OverlayKeys keys) {
    Bkey key = new Bkey();
    for (int i = 0; i < keys.size(); i++) {
      keys.get(i, key);
      digest.add(key);
    }
  }
}
