// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.journal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.checksum.Checksums;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetIntegrity;

/**
 * Finds the journal entries on one device. Keeps headers only; contents are read again when they
 * are wanted. Belongs to one thread.
 *
 * <p>In a bucket entries follow each other until there is no magic, or a sequence number is lower
 * than one before it, which is left from an older use of the bucket. Behind an entry with a wrong
 * checksum, whose length means nothing, the search goes on block by block. Where the magic is not
 * right but all else looks like an entry it is tried whether that alone is damaged.
 */
final class DeviceScan implements AutoCloseable {
  /** Up to this many buckets all are read: looking first would save nothing. */
  private static final int FEW_BUCKETS = 32;

  /** How much may be checksummed in vain in a bucket: this many times its length. */
  private static final int WASTE_FACTOR = 4;

  private static final long WASTE_BYTES_MIN = 64L << 20;

  private final JournalFormat format;
  private final JournalDevice device;
  private final BucketBuffer buffer;
  private final Jset jset = new Jset();
  private final List<JournalCopy> copies = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Long, List<JournalCopy>> remainsByMagic = new HashMap<>();
  private long wasteLeft;

  /** A bucket by its place in the order of use, its number, and the first entry's seq. */
  private record Bucket(int index, long number, long seq) {}

  DeviceScan(JournalFormat format, JournalDevice device) {
    this.format = format;
    this.device = device;
    this.buffer = new BucketBuffer(device.device());
    if (device.reachesBeyondDevice()) {
      findings.add(
          new Finding(
              Finding.Severity.NOTE,
              "journal_bucket_beyond_device",
              Place.device(device.device().name(), device.device().size()),
              "journal buckets lie beyond the end of the device"));
    }
  }

  /**
   * What was found. Ruins with a wrong magic that others have too are not among them: damage does
   * not strike twice alike, so they are another filesystem's, encrypted with a key of its own.
   */
  List<JournalCopy> copies() {
    List<JournalCopy> ours = new ArrayList<>(copies);
    for (List<JournalCopy> alike : remainsByMagic.values()) {
      if (alike.size() > 1) {
        ours.removeAll(alike);
      }
    }
    return ours;
  }

  List<Finding> findings() {
    return findings;
  }

  @Override
  public void close() {
    buffer.close();
  }

  /** Reads every bucket. */
  void readAll() {
    allBuckets().forEach(this::readBucket);
  }

  /**
   * Looks at the beginning of every bucket, then reads them from the newest backwards until all
   * that the newest good flush entry still needs has been read. Enough if nothing is damaged.
   *
   * <p>Buckets are used in turn, so sequence numbers rise around the ring; where they do not, all
   * are read. The bucket behind the newest is read too: a damaged number can make it look old.
   */
  void readLive() {
    List<Bucket> buckets = allBuckets();
    List<Bucket> newestFirst = buckets.size() <= FEW_BUCKETS ? List.of() : usedNewestFirst(buckets);
    if (newestFirst.isEmpty() || !risesAroundTheRing(newestFirst)) {
      buckets.forEach(this::readBucket);
      return;
    }
    int next = (newestFirst.getFirst().index + 1) % buckets.size();
    readBucket(buckets.get(next));
    long needed = 0;
    for (Bucket bucket : newestFirst) {
      if (bucket.index == next) {
        continue;
      }
      int before = copies.size();
      readBucket(bucket);
      long highest = 0;
      for (JournalCopy copy : copies.subList(before, copies.size())) {
        if (copy.good()) {
          highest = max(highest, copy.seq());
          needed = copy.noFlush() ? needed : max(needed, copy.lastSeq());
        }
      }
      if (needed != 0 && highest != 0 && Long.compareUnsigned(highest, needed) < 0) {
        return;
      }
    }
  }

  /** Whether going back from the newest bucket the numbers fall, all around. */
  private static boolean risesAroundTheRing(List<Bucket> newestFirst) {
    int turns = 0;
    for (int i = 1; i < newestFirst.size(); i++) {
      turns += newestFirst.get(i).index > newestFirst.get(i - 1).index ? 1 : 0;
    }
    boolean comesRound = newestFirst.getLast().index > newestFirst.getFirst().index;
    return turns == 0 || (turns == 1 && comesRound);
  }

  private static long max(long a, long b) {
    return Long.compareUnsigned(a, b) > 0 ? a : b;
  }

  private List<Bucket> allBuckets() {
    List<Bucket> buckets = new ArrayList<>();
    for (JournalDevice.BucketRange range : device.bucketsOnDevice()) {
      for (long i = 0; i < range.count(); i++) {
        buckets.add(new Bucket(buckets.size(), range.first() + i, 0));
      }
    }
    return buckets;
  }

  private List<Bucket> usedNewestFirst(List<Bucket> buckets) {
    List<Bucket> used = new ArrayList<>();
    for (Bucket bucket : buckets) {
      try {
        buffer.bucket(bucket.number * device.bucketBytes(), device.bucketBytes());
        jset.wrap(buffer.memory(buffer.loadAlone(0, format.blockBytes())), 0);
        if (jset.magic() == format.magic() || lostItsMagicPerhaps(device.bucketBytes())) {
          used.add(new Bucket(bucket.index, bucket.number, jset.seq()));
        }
      } catch (DeviceException _) {
        used.add(bucket);
      }
    }
    used.sort(Comparator.comparing(Bucket::seq, Long::compareUnsigned).reversed());
    return used;
  }

  private void readBucket(Bucket bucket) {
    buffer.bucket(bucket.number * device.bucketBytes(), device.bucketBytes());
    wasteLeft = Math.max(WASTE_BYTES_MIN, WASTE_FACTOR * device.bucketBytes());
    try {
      readEntries(bucket);
    } catch (DeviceException e) {
      findings.add(Finding.of(e));
    }
  }

  private void readEntries(Bucket bucket) {
    long newest = 0;
    boolean sawBad = false;
    long offset = 0;
    while (offset + Jset.BYTES <= device.bucketBytes() && wasteLeft > 0) {
      JournalCopy copy = readEntry(bucket, offset);
      if (copy == null && !sawBad) {
        return;
      }
      if (copy == null || !copy.good()) {
        offset += format.blockBytes();
      } else if (Long.compareUnsigned(copy.seq(), newest) < 0) {
        return;
      } else {
        newest = copy.seq();
        offset += format.padded(copy.bytes());
      }
      if (copy != null) {
        sawBad |= !copy.good();
        copies.add(copy);
      }
    }
  }

  /** The entry at that byte of the bucket, or null if there is none. */
  private JournalCopy readEntry(Bucket bucket, long offset) {
    long left = device.bucketBytes() - offset;
    jset.wrap(buffer.memory(buffer.load(offset, Jset.BYTES)), 0);
    boolean magic = jset.magic() == format.magic();
    if (!magic && !lostItsMagicPerhaps(left)) {
      return null;
    }
    boolean fits = jset.bytes() <= Math.min(left, BucketBuffer.CAPACITY_MAX);
    boolean good = fits && checksumIsRight(offset);
    if (!good) {
      wasteLeft -= fits ? jset.bytes() : Jset.BYTES;
      if (fits && !magic && JsetIntegrity.verify(jset, format.key())) {
        // Whole, but of the filesystem that was here before.
        return null;
      }
    }
    JournalCopy copy = copy(bucket, offset, left, state(magic, good));
    if (copy.state() == JournalCopy.State.REMAINS) {
      remainsByMagic.computeIfAbsent(jset.magic(), _ -> new ArrayList<>()).add(copy);
    }
    return copy;
  }

  private JournalCopy copy(Bucket bucket, long offset, long left, JournalCopy.State state) {
    boolean good = state == JournalCopy.State.GOOD || state == JournalCopy.State.GOOD_BUT_MAGIC;
    return new JournalCopy(
        device,
        bucket.index,
        offset / 512,
        (bucket.number * device.bucketBytes() + offset) / 512,
        jset.seq(),
        JsetIntegrity.lastSeq(jset, format.key()),
        jset.version(),
        jset.flags(),
        Math.min(jset.bytes(), Math.min(left, BucketBuffer.CAPACITY_MAX)),
        good ? contentHash() : 0,
        state);
  }

  private static JournalCopy.State state(boolean magic, boolean good) {
    if (good) {
      return magic ? JournalCopy.State.GOOD : JournalCopy.State.GOOD_BUT_MAGIC;
    }
    return magic ? JournalCopy.State.BAD : JournalCopy.State.REMAINS;
  }

  /** Whether all but the magic looks like a header, so that trying its checksum is worth it. */
  private boolean lostItsMagicPerhaps(long left) {
    return Jset.isReadableVersion(jset.version())
        && jset.version() != 0
        && jset.seq() != 0
        && jset.csumType() != ChecksumType.NONE.number()
        && JsetIntegrity.isKnown(jset, format.key())
        && jset.bytes() <= left
        // What is in the middle of an entry may look like a header, where the one before it is
        // torn.
        && (jset.flags() & ~Jset.FLAGS_MASK) == 0;
  }

  private boolean checksumIsRight(long offset) {
    jset.wrap(buffer.memory(buffer.load(offset, jset.bytes())), 0);
    long stored = jset.magic();
    Le.putU64(jset.segment(), Jset.OFFSET_MAGIC, format.magic());
    boolean right = JsetIntegrity.verify(jset, format.key());
    Le.putU64(jset.segment(), Jset.OFFSET_MAGIC, stored);
    return right;
  }

  private long contentHash() {
    return jset.csumType() == ChecksumType.NONE.number()
        ? Checksums.compute(ChecksumType.XXHASH, jset.segment(), 0, jset.bytes())
        : jset.csumLo() ^ Long.rotateLeft(jset.csumHi(), 32);
  }
}
