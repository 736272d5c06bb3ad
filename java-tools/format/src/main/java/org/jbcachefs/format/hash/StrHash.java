// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.hash;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.Crc32c;
import org.jbcachefs.format.checksum.Crc64;

/**
 * The hash of one inode: its type and seed. Immutable, thread-safe. Source: {@code bch_hash_info},
 * {@code bch2_str_hash_init}.
 */
public final class StrHash {
  public static final int CRC32C = 0;
  public static final int CRC64 = 1;
  public static final int SIPHASH_OLD = 2;
  public static final int SIPHASH = 3;

  /** Types are below this. */
  public static final int TYPES = 4;

  /** The lowest offset of a directory entry: those before are kept for "." and "..". */
  public static final long MIN_DIRENT_OFFSET = 2;

  private static final long MASK_31BIT = Integer.MAX_VALUE;
  private static final String[] NAMES = {"crc32c", "crc64", "siphash_old", "siphash"};

  private final int type;
  private final long key0;
  private final long key1;

  private StrHash(int type, long key0, long key1) {
    this.type = type;
    this.key0 = key0;
    this.key1 = key1;
  }

  /**
   * The type that new inodes get.
   *
   * @param option the filesystem's str_hash option: crc32c, crc64, siphash
   * @param newSiphash whether the filesystem has the feature of that name
   */
  public static int typeOf(int option, boolean newSiphash) {
    return option == SIPHASH_OLD && newSiphash ? SIPHASH : option;
  }

  /**
   * The hash of that type and seed.
   *
   * @throws IllegalArgumentException for a type that is not below {@link #TYPES}
   */
  public static StrHash of(int type, long seed) {
    if (type < 0 || type >= TYPES) {
      throw new IllegalArgumentException("string hash type " + type);
    }
    if (type != SIPHASH_OLD) {
      return new StrHash(type, seed, 0);
    }
    byte[] digest = sha256(seed);
    return new StrHash(type, Le.u64(digest, 0), Le.u64(digest, 8));
  }

  private static byte[] sha256(long seed) {
    byte[] bytes = new byte[Long.BYTES];
    Le.putU64(bytes, 0, seed);
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The format's own name of a type, or "(unknown hash type 9)". */
  public static String nameOf(int type) {
    return type >= 0 && type < TYPES ? NAMES[type] : "(unknown hash type " + type + ")";
  }

  /** Where a directory entry of that (folded) name belongs, collisions aside. */
  public long direntOffset(byte[] name, boolean is31bit) {
    return direntOffset(name, name.length, is31bit);
  }

  /** The same of a name at the start of an array. */
  public long direntOffset(byte[] name, int length, boolean is31bit) {
    long hash = hash(name, length);
    return Math.max(is31bit ? hash & MASK_31BIT : hash, MIN_DIRENT_OFFSET);
  }

  /** Where an xattr of that type and name (without prefix) belongs, collisions aside. */
  public long xattrOffset(int xattrType, byte[] name) {
    byte first = (byte) xattrType;
    if (type == SIPHASH || type == SIPHASH_OLD) {
      return SipHash.hash(key0, key1, first, name) >>> 1;
    }
    byte[] bytes = new byte[name.length + 1];
    bytes[0] = first;
    System.arraycopy(name, 0, bytes, 1, name.length);
    return hash(bytes);
  }

  /** The hash of those bytes; never negative. */
  public long hash(byte[] bytes) {
    return hash(bytes, bytes.length);
  }

  private long hash(byte[] bytes, int length) {
    return switch (type) {
      case CRC32C -> ~Crc32c.ofMetadata(seeded(bytes, length), 0, length + 8L) & 0xffffffffL;
      case CRC64 -> Crc64.update(-1, seeded(bytes, length), 0, length + 8L) >>> 1;
      default -> SipHash.hash(key0, key1, bytes, length) >>> 1;
    };
  }

  private MemorySegment seeded(byte[] bytes, int length) {
    byte[] all = new byte[Long.BYTES + length];
    Le.putU64(all, 0, key0);
    System.arraycopy(bytes, 0, all, Long.BYTES, length);
    return MemorySegment.ofArray(all);
  }
}
