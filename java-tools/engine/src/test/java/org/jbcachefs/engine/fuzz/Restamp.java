// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;

/** Makes the checksums of damaged structures right again, as far as their lengths still lead. */
final class Restamp {
  private static final int CSUM_BYTES = 16;

  private Restamp() {}

  static void superblock(byte[] bytes) {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    long length =
        Superblock.BYTES + 8 * Integer.toUnsignedLong(Le.u32(segment, Superblock.OFFSET_U64S));
    long flags = Le.u64(segment, Superblock.OFFSET_FLAGS + 8L * SuperblockFlag.CSUM_TYPE.word());
    ChecksumType type = ChecksumType.of(SuperblockFlag.CSUM_TYPE.bits().getInt(flags));
    if (type == null || type.isMac() || length > bytes.length) {
      return;
    }
    Le.putU64(segment, 0, Checksums.compute(type, segment, CSUM_BYTES, length - CSUM_BYTES));
    Le.putU64(segment, 8, 0);
  }

  /** A jset that lies there decrypted; encrypts it if its type says so. */
  static void jset(byte[] bytes, FilesystemKey key) {
    Jset jset = new Jset().wrap(MemorySegment.ofArray(bytes), 0);
    if (jset.bytes() <= bytes.length && JsetIntegrity.isKnown(jset, key)) {
      JsetIntegrity.seal(jset, key);
    }
  }
}
