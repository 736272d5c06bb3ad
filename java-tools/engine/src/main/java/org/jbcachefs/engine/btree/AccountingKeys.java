// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.btree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.engine.journal.OverlayKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;

/**
 * The accounting btree's leaf keys with the journal's deltas added: each that is newer, by its
 * version, than the key in the btree. A sum lies in a buffer that the next step overwrites.
 */
final class AccountingKeys implements KeyIterator {
  private final KeyIterator base;
  private final OverlayKeys deltas;
  private final Bpos to;
  private final Bkey current = new Bkey();
  private final Bkey delta = new Bkey();
  private final MemorySegment sum = Arena.ofAuto().allocate(8L * BkeyFormat.MAX_VALUE_U64S, 8);
  private boolean baseReady;
  private int deltaIndex;

  AccountingKeys(KeyIterator base, OverlayKeys deltas, Bpos from, Bpos to) {
    this.base = base;
    this.deltas = deltas;
    this.to = to;
    this.deltaIndex = deltas.lowerBound(from);
  }

  @Override
  public Bkey key() {
    return current;
  }

  @Override
  public boolean next() {
    baseReady = baseReady || base.next();
    boolean deltaReady = readDelta();
    if (!baseReady && !deltaReady) {
      return false;
    }
    Bkey key = base.key();
    int order =
        !deltaReady
            ? -1
            : !baseReady ? 1 : key.comparePos(delta.inode(), delta.offset(), delta.snapshot());
    if (order < 0) {
      current.set(key);
      baseReady = false;
    } else {
      sumUp(order == 0);
    }
    return true;
  }

  private boolean readDelta() {
    if (deltaIndex >= deltas.size()) {
      return false;
    }
    deltas.get(deltaIndex, delta);
    return delta.comparePos(to) <= 0;
  }

  private void sumUp(boolean withBase) {
    sum.fill((byte) 0);
    current.set(delta).setVersion(0, 0).setType(KeyType.ACCOUNTING.number()).setValue(sum, 0, 0);
    if (withBase) {
      add(base.key());
      baseReady = false;
    }
    int baseVersionHi = current.versionHi();
    long baseVersionLo = current.versionLo();
    do {
      if (!withBase || isNewer(delta, baseVersionHi, baseVersionLo)) {
        add(delta);
      }
      deltaIndex++;
    } while (readDelta()
        && delta.comparePos(current.inode(), current.offset(), current.snapshot()) == 0);
  }

  private void add(Bkey key) {
    int bytes = key.valueBytes();
    for (int at = 0; at < bytes; at += 8) {
      Le.putU64(sum, at, Le.u64(sum, at) + Le.u64(key.segment(), key.valueOffset() + at));
    }
    current.setValue(sum, 0, Math.max(bytes, current.valueBytes()));
    current.setVersion(key.versionHi(), key.versionLo());
  }

  private static boolean isNewer(Bkey key, int versionHi, long versionLo) {
    int order = Integer.compareUnsigned(key.versionHi(), versionHi);
    return order > 0 || (order == 0 && Long.compareUnsigned(key.versionLo(), versionLo) > 0);
  }

  @Override
  public void seek(Bpos pos) {
    base.seek(pos);
    baseReady = false;
    deltaIndex = deltas.lowerBound(pos);
  }

  @Override
  public void close() {
    base.close();
  }
}
