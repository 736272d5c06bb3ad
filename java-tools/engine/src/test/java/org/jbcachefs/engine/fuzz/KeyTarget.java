// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;

/** Single keys of every type, their values damaged, cut or lengthened. */
final class KeyTarget implements Target {
  private static final int VALUE_BYTES_MAX = (255 - Bkey.U64S) * 8;

  private final KeyUser user = new KeyUser();

  @Override
  public void run(Bench bench, Mutator mutator) {
    List<Integer> types = new ArrayList<>(bench.corpus().keysByType().keySet());
    KeySample sample =
        mutator.random().nextInt(16) == 0
            ? mutator.oneOf(bench.corpus().madeUpExtents())
            : mutator.oneOf(bench.corpus().keysByType().get(mutator.oneOf(types)));
    byte[] bytes = mutator.damage(sample.sample());
    if (mutator.random().nextInt(3) == 0) {
      bytes = resized(bytes, mutator);
    }
    int btree = mutator.random().nextInt(8) == 0 ? mutator.random().nextInt(64) : sample.btree();
    Bkey key = new Bkey();
    MemorySegment segment = MemorySegment.ofArray(bytes);
    bytes[Bkey.OFFSET_U64S] = (byte) (bytes.length / 8);
    key.readUnpacked(segment, 0);
    user.use(btree, sample.level(), key);
  }

  private static byte[] resized(byte[] bytes, Mutator mutator) {
    int words = mutator.random().nextInt(bytes.length / 8 + 4);
    int length = Bkey.BYTES + Math.min(words * 8, VALUE_BYTES_MAX);
    mutator.hit("value of other length: " + KeyType.nameOf(bytes[Bkey.OFFSET_TYPE] & 0xff));
    return Arrays.copyOf(bytes, length);
  }
}
