// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.StripeValue;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.value.KeyText;
import org.jbcachefs.format.value.KeyValidation;
import org.jbcachefs.format.value.Value;
import org.jbcachefs.format.value.Values;

/** Does with a key whatever any decoder of its value does. Belongs to one thread. */
final class KeyUser {
  private static final int VERSION = 1062;

  private final StringBuilder text = new StringBuilder();
  private final ExtentEntries entries = new ExtentEntries();
  private final StripeValue stripe = new StripeValue();
  private MemorySegment scratch = Arena.ofAuto().allocate(4096, 8);

  /** Uses it in every way; exceptions of the format's family are taken as answers. */
  void use(int btree, int level, Bkey key) {
    answer(() -> KeyValidation.check(btree, level, key, VERSION));
    answer(() -> {
      text.setLength(0);
      KeyText.append(text, btree, key);
    });
    answer(() -> encodeAgain(Values.decode(key)));
    answer(() -> entries(key));
    if (key.type() == KeyType.STRIPE.number()) {
      answer(() -> stripe(key));
    }
    if (level > 0) {
      answer(() -> BtreePointer.parse(btree, level - 1, key, Place.NOWHERE).nodeName());
    }
  }

  private static void answer(Runnable use) {
    try {
      use.run();
    } catch (BcachefsException _) {
      // An answer like any other.
    }
  }

  private void encodeAgain(Value value) {
    if (scratch.byteSize() < value.bytes()) {
      scratch = Arena.ofAuto().allocate(2L * value.bytes(), 8);
    }
    value.encode(scratch, 0);
  }

  private void entries(Bkey key) {
    entries.of(key, ExtentEntrySizes.KNOWN);
    while (entries.next()) {
      entries.dev();
      entries.sector();
      entries.crc().isEncoded();
      entries.diskSectors();
      entries.poisoned();
    }
    entries.unreadable();
  }

  private void stripe(Bkey key) {
    stripe.of(key);
    for (int block = 0; block < stripe.blocks(); block++) {
      stripe.ptr(block);
      stripe.blockSectors(block);
      for (int piece = 0; piece < stripe.checksumsPerBlock(); piece++) {
        stripe.checksum(block, piece);
      }
    }
  }
}
