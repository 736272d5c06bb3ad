// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data.write;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;

/** Extents without some of their pointers. Belongs to one thread. */
public final class PointerDrop {
  private static final int REFLINK_V_HEADER = 8;

  private final ExtentEntrySizes sizes;
  private final ExtentEntries entries = new ExtentEntries();

  /** Of extents whose entries have those sizes. */
  public PointerDrop(ExtentEntrySizes sizes) {
    this.sizes = sizes;
  }

  /** Whether a pointer may stay. */
  public interface Choice {
    /** The cursor is at the pointer. */
    boolean keep(ExtentEntries pointer);

    /** Whether it stays in its stripe. The cursor is at the pointer. */
    default boolean keepStripe(ExtentEntries pointer) {
      return true;
    }

    /**
     * Whether a cached pointer that stays becomes a proper one where no other is left. The cursor
     * is at the pointer.
     *
     * @param key what is left of the key
     */
    default boolean keepFromCache(Bkey key, ExtentEntries pointer) {
      return false;
    }
  }

  /**
   * The key without those; if only cached ones are left, with those that may be proper ones as
   * such; if none is left that the data can be read from, a key that says that it is lost. Null if
   * nothing changes.
   */
  public Bkey without(Bkey key, Choice choice) {
    int header = key.type() == KeyType.REFLINK_V.number() ? REFLINK_V_HEADER : 0;
    MemorySegment value = MemorySegment.ofArray(new long[key.valueBytes() / Long.BYTES]);
    MemorySegment.copy(key.segment(), key.valueOffset(), value, 0, header);
    long out = header;
    long crc = -1;
    int crcBytes = 0;
    long stripe = -1;
    int stripeBytes = 0;
    boolean dropped = false;
    boolean readable = false;
    entries.of(key, sizes);
    while (entries.next()) {
      ExtentEntryType type = ExtentEntryType.of(entries.type());
      // Checksums and stripes are written with the first pointer that they are for.
      if (type != null && type.isCrc()) {
        crc = entries.entryOffset();
        crcBytes = entries.entryBytes();
        continue;
      }
      if (type == ExtentEntryType.STRIPE_PTR) {
        stripe = entries.entryOffset();
        stripeBytes = entries.entryBytes();
        continue;
      }
      if (type == ExtentEntryType.PTR) {
        boolean coded = stripe >= 0 && choice.keepStripe(entries);
        dropped |= stripe >= 0 && !coded;
        long of = coded ? stripe : -1;
        stripe = -1;
        if (!choice.keep(entries)) {
          dropped = true;
          continue;
        }
        readable |= !entries.cached();
        if (crc >= 0) {
          MemorySegment.copy(key.segment(), crc, value, out, crcBytes);
          out += crcBytes;
          crc = -1;
        }
        if (of >= 0) {
          MemorySegment.copy(key.segment(), of, value, out, stripeBytes);
          out += stripeBytes;
        }
      }
      MemorySegment.copy(key.segment(), entries.entryOffset(), value, out, entries.entryBytes());
      out += entries.entryBytes();
    }
    if (entries.unreadable() || (readable && !dropped)) {
      return null;
    }
    Bkey left = key.copy().setValue(value, 0, (int) out);
    if (readable || fromCache(left, choice)) {
      return left;
    }
    return dropped ? lost(key) : null;
  }

  /** Makes cached pointers proper ones; false if there is none that may become one. */
  private boolean fromCache(Bkey key, Choice choice) {
    boolean any = false;
    entries.of(key, sizes);
    while (entries.nextPtr()) {
      if (entries.cached() && choice.keepFromCache(key, entries)) {
        Le.putU64(key.segment(), entries.entryOffset(), ExtentPtr.CACHED.set(entries.word(), 0));
        any = true;
      }
    }
    return any;
  }

  /** Says that what was there is lost. */
  public static Bkey lost(Bkey key) {
    Bkey lost = new Bkey().setPos(key.pos()).setSize(key.size()).setType(KeyType.ERROR.number());
    return lost.setValue(MemorySegment.ofArray(new long[0]), 0, 0);
  }
}
