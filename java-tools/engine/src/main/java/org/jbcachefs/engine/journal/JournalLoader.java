// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;

/**
 * Reads entries again that a scan has found, decrypted, into one buffer that the next one
 * overwrites. Belongs to one thread; closing frees the buffer.
 */
public final class JournalLoader implements AutoCloseable {
  private final JournalFormat format;
  private final Jset jset = new Jset();
  private Arena arena = Arena.ofShared();
  private MemorySegment memory = MemorySegment.NULL;

  public JournalLoader(JournalFormat format) {
    this.format = format;
  }

  /**
   * Reads the best copy that can be read. Its header is in order and its length lies in the buffer,
   * even if its checksum is not right.
   *
   * @throws DeviceException if no copy can be read
   * @throws RefusedException if it was written by a big-endian machine
   */
  public Jset load(JournalEntry entry) {
    DeviceException failure = null;
    for (JournalCopy copy : entry.copies()) {
      try {
        return load(copy);
      } catch (DeviceException e) {
        failure = failure == null ? e : failure;
      }
    }
    throw failure;
  }

  /** Reads that very copy. */
  public Jset load(JournalCopy copy) {
    read(copy, copy.bytes());
    Le.putU64(memory, Jset.OFFSET_MAGIC, format.magic());
    // An entry that overruns its bucket was cut there when it was found.
    Le.putU32(memory, Jset.OFFSET_U64S, (int) ((copy.bytes() - Jset.BYTES) / 8));
    jset.wrap(memory, 0);
    if (jset.bigEndian() && copy.good()) {
      throw new RefusedException(
          "big_endian", EntryFindings.place(copy), "written by a big-endian machine");
    }
    JsetIntegrity.decrypt(jset, format.key());
    return jset;
  }

  /** Reads that many bytes from where the copy begins, as they lie on the device. */
  MemorySegment read(JournalCopy copy, long bytes) {
    if (memory.byteSize() < bytes) {
      arena.close();
      arena = Arena.ofShared();
      memory = arena.allocate(Long.highestOneBit(2 * bytes - 1), 8);
    }
    MemorySegment range = memory.asSlice(0, bytes);
    copy.device().device().read(copy.sector() * 512, range);
    return range;
  }

  @Override
  public void close() {
    arena.close();
  }
}
