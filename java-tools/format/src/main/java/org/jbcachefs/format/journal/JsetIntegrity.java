// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.journal;

import java.lang.foreign.MemorySegment;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.crypto.Integrity;
import org.jbcachefs.format.crypto.Nonce;

/**
 * A jset's checksum and encryption: checksummed from its magic on, encrypted from behind its length
 * on, encrypted first. The key is null where nothing is encrypted.
 */
public final class JsetIntegrity {
  private JsetIntegrity() {}

  /** Whether the checksum type is one that can be computed: known, and the key there if needed. */
  public static boolean isKnown(Jset jset, FilesystemKey key) {
    ChecksumType type = ChecksumType.of(jset.csumType());
    return type != null && (!type.isMac() || key != null);
  }

  /** Whether the stored checksum is right; an unknown type never is. */
  public static boolean verify(Jset jset, FilesystemKey key) {
    return isKnown(jset, key)
        && Integrity.verify(
            ChecksumType.of(jset.csumType()),
            key,
            Nonce.journal(jset.seq()),
            jset.segment(),
            jset.offset() + Jset.OFFSET_CHECKSUMMED,
            jset.bytes() - Jset.OFFSET_CHECKSUMMED,
            jset.csumLo(),
            jset.csumHi());
  }

  /** Decrypts in place; does nothing if it is not encrypted. Verify first. */
  public static void decrypt(Jset jset, FilesystemKey key) {
    if (isKnown(jset, key)) {
      Integrity.decrypt(
          ChecksumType.of(jset.csumType()),
          key,
          Nonce.journal(jset.seq()),
          jset.segment(),
          jset.offset() + Jset.OFFSET_ENCRYPTED,
          jset.bytes() - Jset.OFFSET_ENCRYPTED);
    }
  }

  /**
   * {@link Jset#lastSeq} of an entry that may still be encrypted, which is left as it is: the
   * encrypted part begins in the middle of the header.
   */
  public static long lastSeq(Jset jset, FilesystemKey key) {
    MemorySegment header = MemorySegment.ofArray(new long[Jset.BYTES / Long.BYTES]);
    MemorySegment.copy(jset.segment(), jset.offset(), header, 0, Jset.BYTES);
    if (isKnown(jset, key)) {
      Integrity.decrypt(
          ChecksumType.of(jset.csumType()),
          key,
          Nonce.journal(jset.seq()),
          header,
          Jset.OFFSET_ENCRYPTED,
          Jset.BYTES - Jset.OFFSET_ENCRYPTED);
    }
    return Le.u64(header, Jset.OFFSET_LAST_SEQ);
  }

  /**
   * Encrypts in place, if its checksum type says so, and stores the checksum.
   *
   * @throws IllegalArgumentException if the checksum type is unknown or wants a key
   */
  public static void seal(Jset jset, FilesystemKey key) {
    if (!isKnown(jset, key)) {
      throw new IllegalArgumentException("checksum type " + jset.csumType());
    }
    decrypt(jset, key);
    long[] csum = new long[2];
    Integrity.compute(
        ChecksumType.of(jset.csumType()),
        key,
        Nonce.journal(jset.seq()),
        jset.segment(),
        jset.offset() + Jset.OFFSET_CHECKSUMMED,
        jset.bytes() - Jset.OFFSET_CHECKSUMMED,
        csum);
    Le.putU64(jset.segment(), jset.offset() + Jset.OFFSET_CSUM, csum[0]);
    Le.putU64(jset.segment(), jset.offset() + Jset.OFFSET_CSUM + 8, csum[1]);
  }
}
