// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.sb.Activity;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.LostDataException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.extent.ExtentCrc;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.FsckError;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.InlineData;

/**
 * Reads the bytes of extents from whatever copy is good. Thread-safe.
 *
 * <p>Copies are tried in order: present before missing devices, checksummed before others, fast
 * before rotating, dirty before cached. A copy that cannot be read, is stale, or does not have its
 * checksum is passed over, and reported if another one was good; if none is, erasure-coded copies
 * are rebuilt from their stripes. Data that cannot be had throws {@link LostDataException}: never
 * wrong bytes, and zeros only where the filesystem says that there are zeros.
 */
public final class ExtentReader {
  private static final int SECTOR_SHIFT = ExtentDecoder.SECTOR_SHIFT;

  /** Enough for the extents that a few sequential readers are in the middle of. */
  private static final int KEPT_EXTENTS = 64;

  private static final int LARGEST_KEPT = 1 << 20;

  /** Of checksums of blocks: enough for 6 GiB of data with CRC-32C. */
  private static final int BLOCK_CHECKSUM_BYTES = 8 << 20;

  /** Who reads so many'th of an extent, from its beginning, is going to read the rest. */
  private static final int MANY = 8;

  private static final int RANK_MISSING = 8;
  private static final int RANK_UNCHECKED = 4;
  private static final int RANK_ROTATIONAL = 2;
  private static final int RANK_CACHED = 1;

  private final DeviceSet devices;
  private final ExtentEntrySizes sizes;
  private final ExtentDecoder decoder;
  private final StripeReader stripes;
  private final BucketGenerations generations;
  private final Consumer<Finding> findings;
  private final ReadErrors errors;
  private final PartialReads partial;
  private final Predicate<Replicas.Replica> news = this::isNews;
  private final DecodedExtents kept = new DecodedExtents(KEPT_EXTENTS, LARGEST_KEPT);
  private final BlockChecksums blocks;
  private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

  /**
   * A reader of that filesystem's data.
   *
   * @param key null where nothing is encrypted
   * @param findings told of copies that failed where another one did not; called by any thread
   */
  public ExtentReader(
      DeviceSet devices, Btrees btrees, FilesystemKey key, Consumer<Finding> findings) {
    this(devices, btrees, key, findings, ReadErrors.IGNORED);
  }

  /**
   * A reader of that filesystem's data.
   *
   * @param key null where nothing is encrypted
   * @param findings told of copies that failed where another one did not; called by any thread
   * @param errors told of the same, and of reads that failed, as far as a file's are known
   */
  public ExtentReader(
      DeviceSet devices,
      Btrees btrees,
      FilesystemKey key,
      Consumer<Finding> findings,
      ReadErrors errors) {
    this(devices, btrees, key, findings, errors, PartialReads.IGNORED);
  }

  /**
   * A reader of that filesystem's data.
   *
   * @param key null where nothing is encrypted
   * @param findings told of copies that failed where another one did not; called by any thread
   * @param errors told of the same, and of reads that failed, as far as a file's are known
   * @param partial told of what was read and checked as a whole for a part of it
   */
  public ExtentReader(
      DeviceSet devices,
      Btrees btrees,
      FilesystemKey key,
      Consumer<Finding> findings,
      ReadErrors errors,
      PartialReads partial) {
    this.errors = errors;
    this.partial = partial;
    this.devices = devices;
    this.sizes = ExtentEntrySizes.of(devices.superblock()::extentTypeU64s);
    this.blocks = new BlockChecksums(devices.superblock().blockBytes(), BLOCK_CHECKSUM_BYTES);
    this.decoder = new ExtentDecoder(key);
    this.stripes = new StripeReader(btrees, devices);
    this.generations = new BucketGenerations(btrees);
    this.findings = findings;
  }

  /**
   * Whether the key's range is data as lseek(2) would say: everything but reservations. Extents
   * that have room but were never written count as data, as they do in the kernel, and so do keys
   * whose data is lost.
   */
  static boolean isData(Bkey key) {
    return key.type() != KeyType.RESERVATION.number();
  }

  /**
   * Reads a range of a key's data: extent, reflink_v, reservation, inline and indirect inline data.
   * Pointers to indirect extents are resolved by the caller.
   *
   * @param from first byte, counted from the key's start; the range must lie within the key's size
   * @param out gets the bytes from {@code at} on
   * @throws LostDataException if no copy can give them; the text says why each one failed
   */
  public void read(Bkey key, long from, MemorySegment out, long at, long bytes) {
    read(key, key, from, out, at, bytes);
  }

  /**
   * The same of a key that a file's key led to.
   *
   * @param owner the file's key
   */
  void read(Bkey owner, Bkey key, long from, MemorySegment out, long at, long bytes) {
    KeyType type = KeyType.of(key.type());
    switch (type) {
      case EXTENT, REFLINK_V -> readPointers(owner, key, from, out, at, bytes);
      case RESERVATION -> out.asSlice(at, bytes).fill((byte) 0);
      case INLINE_DATA -> inline(key, 0, from, out, at, bytes);
      case INDIRECT_INLINE_DATA ->
          inline(key, InlineData.OFFSET_INDIRECT_DATA, from, out, at, bytes);
      case ERROR -> throw lost(key, "the data was lost, and the filesystem says so");
      case null, default ->
          throw lost(key, "keys of type " + KeyType.nameOf(key.type()) + " cannot be read");
    }
  }

  private static void inline(
      Bkey key, int start, long from, MemorySegment out, long at, long bytes) {
    long stored = Math.max(0, key.valueBytes() - start - from);
    long copied = Math.min(stored, bytes);
    if (copied > 0) {
      MemorySegment.copy(key.segment(), key.valueOffset() + start + from, out, at, copied);
    }
    out.asSlice(at + copied, bytes - copied).fill((byte) 0);
  }

  private void readPointers(
      Bkey owner, Bkey key, long from, MemorySegment out, long at, long bytes) {
    Scratch own = scratch.get();
    Replicas replicas = own.replicas;
    replicas.collect(devices, key, own.entries.of(key, sizes));
    if (replicas.poisoned()) {
      throw lost(key, "poisoned: it was found damaged when it was moved");
    }
    if (replicas.unwritten()) {
      out.asSlice(at, bytes).fill((byte) 0);
      return;
    }
    for (int i = 0; i < replicas.size(); i++) {
      replicas.get(i).rank = rank(replicas.get(i));
    }
    replicas.sort();
    boolean read =
        readDirectly(own, key, from, out, at, bytes)
            || readFromStripe(own, key, from, out, at, bytes);
    FsckError error = ReadFailure.of(replicas, read, news);
    if (error != null) {
      errors.met(owner, error);
    }
    if (!read) {
      throw lost(key, failures(replicas));
    }
  }

  /**
   * Reads a copy as it is stored; null of what has none, or was never written.
   *
   * @throws LostDataException if no copy is good
   */
  public StoredCopy stored(Bkey key) {
    Scratch own = scratch.get();
    Replicas replicas = own.replicas;
    replicas.collect(devices, key, own.entries.of(key, sizes));
    if (replicas.poisoned() || replicas.unwritten() || replicas.size() == 0) {
      return null;
    }
    for (int i = 0; i < replicas.size(); i++) {
      replicas.get(i).rank = rank(replicas.get(i));
    }
    replicas.sort();
    for (int i = 0; i < replicas.size(); i++) {
      Replicas.Replica replica = replicas.get(i);
      try {
        MemorySegment bytes = readStored(own, key, replica);
        return new StoredCopy(replica.ptr, isChecked(replica), bytes);
      } catch (CorruptionException | DeviceException e) {
        replica.failure = e;
      }
    }
    throw lost(key, failures(replicas));
  }

  private static boolean isChecked(Replicas.Replica replica) {
    return replica.crc.checksumType() != ChecksumType.NONE.number();
  }

  private MemorySegment readStored(Scratch own, Bkey key, Replicas.Replica replica) {
    ExtentDecoder.check(key, replica.crc, replica);
    requireUsable(own, key, replica);
    long length = (long) replica.crc.compressedSectors() << SECTOR_SHIFT;
    MemorySegment into = own.stored.atLeast(length).asSlice(0, length);
    if (isChecked(replica)) {
      fetch(own, key, replica, false, into);
    } else {
      read(replica, into);
    }
    return into;
  }

  private void read(Replicas.Replica replica, MemorySegment into) {
    readBytes(replica, replica.sector() << SECTOR_SHIFT, into);
  }

  private void readBytes(Replicas.Replica replica, long offset, MemorySegment into) {
    devices.readBytes(replica.dev(), offset, into);
    devices.activity().read(DataType.USER, replica.dev(), into.byteSize());
  }

  /** Where it is counted what is read. */
  Activity activity() {
    return devices.activity();
  }

  private int rank(Replicas.Replica replica) {
    Member member = devices.member(replica.dev());
    int rank = 0;
    if (member == null || devices.device(replica.dev()) == null) {
      rank += RANK_MISSING;
    } else if (Member.ROTATIONAL.isSet(member.flags())) {
      rank += RANK_ROTATIONAL;
    }
    rank += replica.crc.checksumType() == ChecksumType.NONE.number() ? RANK_UNCHECKED : 0;
    return rank + (replica.cached() ? RANK_CACHED : 0);
  }

  private boolean readDirectly(
      Scratch own, Bkey key, long from, MemorySegment out, long at, long bytes) {
    Replicas replicas = own.replicas;
    for (int i = 0; i < replicas.size(); i++) {
      Replicas.Replica replica = replicas.get(i);
      try {
        readReplica(own, key, replica, false, from, out, at, bytes);
        reportFailures(replicas, i);
        return true;
      } catch (CorruptionException | DeviceException | LostDataException e) {
        replica.failure = e;
      }
    }
    return false;
  }

  private boolean readFromStripe(
      Scratch own, Bkey key, long from, MemorySegment out, long at, long bytes) {
    Replicas replicas = own.replicas;
    for (int i = 0; i < replicas.size(); i++) {
      Replicas.Replica replica = replicas.get(i);
      if (replica.striped) {
        BcachefsException direct = replica.failure;
        try {
          readReplica(own, key, replica, true, from, out, at, bytes);
          reportFailures(replicas, replicas.size());
          return true;
        } catch (CorruptionException | DeviceException | LostDataException e) {
          String both = direct.getMessage() + "; not rebuilt: " + e.sentence();
          replica.failure = new LostDataException(direct.place(), both);
        }
      }
    }
    return false;
  }

  private void readReplica(
      Scratch own,
      Bkey key,
      Replicas.Replica replica,
      boolean rebuild,
      long from,
      MemorySegment out,
      long at,
      long bytes) {
    ExtentCrc crc = replica.crc;
    ExtentDecoder.check(key, crc, replica);
    if (!rebuild) {
      requireUsable(own, key, replica);
    }
    long start = ((long) crc.offset() << SECTOR_SHIFT) + from;
    if (!crc.isEncoded()) {
      readPlain(own, replica, rebuild, start, out, at, bytes);
      return;
    }
    long whole = (long) crc.uncompressedSectors() << SECTOR_SHIFT;
    if (!crc.isCompressed() && bytes == whole) {
      MemorySegment into = out.asSlice(at, bytes);
      fetch(own, key, replica, rebuild, into);
      decoder.decrypt(key, crc, into, 0);
    } else if (!kept.copy(replica.ptr, crc.checksumLo(), start, out, at, bytes)) {
      boolean blockwise = !rebuild && isPlain(crc);
      boolean onward =
          blockwise
              && (kept.goesOn(replica.ptr, start, bytes) || (start == 0 && bytes * MANY >= whole));
      if (blockwise && !onward && readBlocks(own, replica, start, out.asSlice(at, bytes))) {
        return;
      }
      MemorySegment decoded = decode(own, key, replica, rebuild);
      MemorySegment.copy(decoded, start, out, at, bytes);
      boolean inPart = Integer.toUnsignedLong(key.size()) < crc.uncompressedSectors();
      if (inPart && blockwise) {
        partial.read(key, crc, replica.ptr, decoded);
      }
      if (blockwise) {
        blocks.keep(replica.dev(), replica.sector(), crc, decoded);
      }
      if (bytes < whole && (onward || !isPlain(crc) || kept.isWorthKeeping(replica.ptr, start))) {
        kept.keep(replica.ptr, crc.checksumLo(), decoded, (int) whole);
      }
    }
  }

  /**
   * Reads only the blocks that are wanted, if their checksums are known from before.
   *
   * @return false if they are not, or if the blocks have others now: then all of the extent is to
   *     be read, and what its own checksum says counts
   */
  private boolean readBlocks(Scratch own, Replicas.Replica replica, long start, MemorySegment out) {
    BlockChecksums.Wanted wanted = own.blocks;
    long bytes = out.byteSize();
    if (!blocks.find(replica.dev(), replica.sector(), replica.crc, start, bytes, wanted)) {
      return false;
    }
    long first = (replica.sector() << SECTOR_SHIFT) + wanted.firstByte();
    if (wanted.bytes() == bytes) {
      readBytes(replica, first, out);
      return wanted.match(out);
    }
    MemorySegment all = own.stored.atLeast(wanted.bytes()).asSlice(0, wanted.bytes());
    readBytes(replica, first, all);
    if (!wanted.match(all)) {
      return false;
    }
    MemorySegment.copy(all, start - wanted.firstByte(), out, 0, bytes);
    return true;
  }

  /** Whether what is stored is what was written, neither compressed nor encrypted. */
  private static boolean isPlain(ExtentCrc crc) {
    return !crc.isCompressed() && !ChecksumType.of(crc.checksumType()).isMac();
  }

  /** Neither checksum nor compression: only the wanted bytes are read. */
  private void readPlain(
      Scratch own,
      Replicas.Replica replica,
      boolean rebuild,
      long start,
      MemorySegment out,
      long at,
      long bytes) {
    if (!rebuild) {
      long first = (replica.sector() << SECTOR_SHIFT) + start;
      readBytes(replica, first, out.asSlice(at, bytes));
      return;
    }
    long first = start >>> SECTOR_SHIFT;
    long sectors = ((start + bytes + (1 << SECTOR_SHIFT) - 1) >>> SECTOR_SHIFT) - first;
    if (first + sectors > StripeReader.MOST_SECTORS) {
      throw new CorruptionException(
          "ptr_spans_multiple_buckets", replica.get(), "the extent ends behind any bucket");
    }
    MemorySegment all = own.stored.atLeast(sectors << SECTOR_SHIFT);
    stripes.rebuild(replica, (int) first, (int) sectors, all, own);
    MemorySegment.copy(all, start - (first << SECTOR_SHIFT), out, at, bytes);
  }

  private MemorySegment decode(Scratch own, Bkey key, Replicas.Replica replica, boolean rebuild) {
    ExtentCrc crc = replica.crc;
    long storedBytes = (long) crc.compressedSectors() << SECTOR_SHIFT;
    MemorySegment stored = own.stored.atLeast(storedBytes).asSlice(0, storedBytes);
    fetch(own, key, replica, rebuild, stored);
    decoder.decrypt(key, crc, stored, 0);
    if (!crc.isCompressed()) {
      return stored;
    }
    MemorySegment plain = own.plain.atLeast((long) crc.uncompressedSectors() << SECTOR_SHIFT);
    ExtentDecoder.decompress(own.decompressor, crc, stored, 0, plain, replica);
    return plain;
  }

  /** Reads all that is stored and verifies it; once more if it is wrong: buses fail too. */
  private void fetch(
      Scratch own, Bkey key, Replicas.Replica replica, boolean rebuild, MemorySegment into) {
    if (rebuild) {
      stripes.rebuild(replica, 0, replica.crc.compressedSectors(), into, own);
    } else {
      read(replica, into);
      if (!decoder.verify(key, replica.crc, into, 0)) {
        devices.activity().count(PersistentCounter.DATA_READ_RETRY);
        read(replica, into);
      } else {
        return;
      }
    }
    if (!decoder.verify(key, replica.crc, into, 0)) {
      if (!rebuild) {
        devices.health().failed(replica.dev(), MemberError.CHECKSUM, null);
      }
      String type = ChecksumType.nameOf(replica.crc.checksumType());
      throw new CorruptionException("data_checksum_error", replica.get(), "wrong " + type);
    }
  }

  /** A device that is there, sectors within its buckets, a generation that is not stale. */
  private void requireUsable(Scratch own, Bkey key, Replicas.Replica replica) {
    Member member = devices.member(replica.dev());
    if (member == null || devices.device(replica.dev()) == null) {
      throw new DeviceException(replica.get(), "the device is missing");
    }
    ExtentCrc crc = replica.crc;
    int bucketSectors = Math.max(1, member.bucketSectors());
    long bucket = replica.sector() / bucketSectors;
    long sectors = crc.isEncoded() ? crc.compressedSectors() : Integer.toUnsignedLong(key.size());
    if (bucket < member.firstBucket() || Long.compareUnsigned(bucket, member.nbuckets()) >= 0) {
      String where = "bucket " + bucket + " is none of the device's";
      throw new CorruptionException("ptr_after_last_bucket", replica.get(), where);
    }
    if (replica.sector() % bucketSectors + sectors > bucketSectors) {
      throw new CorruptionException(
          "ptr_spans_multiple_buckets", replica.get(), "the extent does not lie in one bucket");
    }
    int gen = own.generation(generations, replica.dev(), bucket);
    if (gen == BucketGenerations.UNKNOWN) {
      requireVerifiable(replica);
    } else if (ExtentPtr.staleness(gen, ExtentPtr.gen(replica.ptr)) > 0) {
      throw new CorruptionException(
          replica.cached() ? "stale_cached_ptr" : "stale_dirty_ptr",
          replica.get(),
          "stale: the bucket has generation " + gen + ", not " + ExtentPtr.gen(replica.ptr));
    }
  }

  private static void requireVerifiable(Replicas.Replica replica) {
    if (replica.cached() && replica.crc.checksumType() == ChecksumType.NONE.number()) {
      throw new CorruptionException(
          "stale_cached_ptr", replica.get(), "a cached copy of which nobody knows if it is stale");
    }
  }

  /** Another copy was good: says what was wrong with those before it. */
  private void reportFailures(Replicas replicas, int tried) {
    for (int i = 0; i < tried; i++) {
      Replicas.Replica replica = replicas.get(i);
      if (isNews(replica)) {
        findings.accept(Finding.of(Finding.Severity.MENDED, replica.failure));
      }
    }
  }

  private boolean isNews(Replicas.Replica replica) {
    BcachefsException failure = replica.failure;
    return failure != null && devices.device(replica.dev()) != null && !isStaleCache(failure);
  }

  /** Cached copies go stale in the ordinary course of things. */
  private static boolean isStaleCache(BcachefsException failure) {
    return failure instanceof CorruptionException corruption
        && corruption.errorName().equals("stale_cached_ptr");
  }

  private static String failures(Replicas replicas) {
    if (replicas.size() == 0) {
      return replicas.unreadable() ? "its entries cannot be read" : "it has no pointers";
    }
    StringBuilder text = new StringBuilder("no copy can be read");
    for (int i = 0; i < replicas.size(); i++) {
      BcachefsException failure = replicas.get(i).failure;
      Place where = failure.place();
      text.append("; ").append(where.device()).append(" byte ").append(where.offset());
      text.append(": ").append(failure.getMessage());
    }
    return text.toString();
  }

  private static LostDataException lost(Bkey key, String what) {
    return new LostDataException(ExtentDecoder.place(key), what);
  }
}
