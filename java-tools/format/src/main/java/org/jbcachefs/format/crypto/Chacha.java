// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.crypto;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * ChaCha20 (RFC 8439) in place, with the format's 16-byte nonce: word 0 is the initial block
 * counter, words 1 to 3 are the RFC's nonce. Encrypting and decrypting are the same.
 *
 * <p>The key stream comes from the JDK's cipher, always in its decrypting mode: the other refuses
 * to use a key and a nonce twice, which writing a block again after a failed write must do.
 */
public final class Chacha {
  private static final int CHUNK = 16 << 10;
  private static final int RFC_NONCE_BYTES = 12;

  private final Cipher cipher;
  private final SecretKeySpec key;
  private final byte[] rfcNonce = new byte[RFC_NONCE_BYTES];
  private final byte[] in = new byte[CHUNK];
  private final byte[] out = new byte[CHUNK];
  private final Poly1305 poly1305 = new Poly1305();

  Chacha(byte[] keyBytes) {
    key = new SecretKeySpec(keyBytes, "ChaCha20");
    try {
      cipher = Cipher.getInstance("ChaCha20");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no ChaCha20", e);
    }
  }

  /** Encrypts or decrypts a range of bytes in place. Thread-safe. */
  public static void crypt(
      FilesystemKey key, Nonce nonce, MemorySegment segment, long offset, long length) {
    key.cipher().crypt(nonce, segment, offset, length);
  }

  void crypt(Nonce nonce, MemorySegment segment, long offset, long length) {
    try {
      begin(nonce);
      for (long done = 0; done < length; done += CHUNK) {
        int bytes = (int) Math.min(CHUNK, length - done);
        MemorySegment.copy(segment, JAVA_BYTE, offset + done, in, 0, bytes);
        cipher.update(in, 0, bytes, out, 0);
        MemorySegment.copy(out, 0, segment, JAVA_BYTE, offset + done, bytes);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("ChaCha20 refused its parameters", e);
    }
  }

  /** Sets the MAC up with the key that belongs to that nonce and gives it. */
  Poly1305 mac(Nonce nonce) {
    try {
      begin(nonce.forMac());
      java.util.Arrays.fill(in, 0, Poly1305.KEY_BYTES, (byte) 0);
      cipher.update(in, 0, Poly1305.KEY_BYTES, out, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("ChaCha20 refused its parameters", e);
    }
    poly1305.init(out);
    return poly1305;
  }

  private void begin(Nonce nonce) throws GeneralSecurityException {
    putWord(0, nonce.word1());
    putWord(4, nonce.word2());
    putWord(8, nonce.word3());
    cipher.init(Cipher.DECRYPT_MODE, key, new ChaCha20ParameterSpec(rfcNonce, nonce.word0()));
  }

  private void putWord(int at, int word) {
    for (int i = 0; i < Integer.BYTES; i++) {
      rfcNonce[at + i] = (byte) (word >>> (8 * i));
    }
  }
}
