// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.alloc.write;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jbcachefs.engine.sb.EffectiveOptions;
import org.jbcachefs.engine.sb.TargetMembers;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.compress.CompressionType;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.extent.ExtentEntryType;
import org.jbcachefs.format.extent.ExtentPtr;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MemberState;
import org.jbcachefs.format.tables.MetadataVersion;

/**
 * Finds out in what an extent is not as options want it, and notes that in the extent, for whoever
 * works on it later. Copies that lack have pointers to no device, so that the space that they will
 * take is counted. Belongs to one thread. Source: {@code bch2_bkey_needs_reconcile}, {@code
 * bch2_bkey_set_needs_reconcile}.
 */
public final class ReconcileMark {
  private static final int REPLICAS = 1;
  private static final int CHECKSUM = 1 << 1;
  private static final int ERASURE_CODE = 1 << 2;
  private static final int COMPRESSION = 1 << 3;
  private static final int TARGET = 1 << 4;
  private static final int WORD = Long.BYTES;
  private static final CompressionType[] COMPRESSIONS = {
    CompressionType.NONE, CompressionType.LZ4, CompressionType.GZIP, CompressionType.ZSTD
  };
  private static final ChecksumType[] CHECKSUMS = {
    ChecksumType.NONE, ChecksumType.CRC32C, ChecksumType.CRC64, ChecksumType.XXHASH
  };

  private final EffectiveOptions effective;
  private final ExtentEntrySizes sizes;
  private final ExtentEntries entries = new ExtentEntries();
  private long old;
  private long now;
  private int lacking;

  /** Pointers to no device that are one too many, since fewer copies are wanted than were. */
  private int needless;

  public ReconcileMark(EffectiveOptions effective, ExtentEntrySizes sizes) {
    this.effective = effective;
    this.sizes = sizes;
  }

  /** Whether the filesystem's versions have such notes. */
  boolean isInUse() {
    Superblock superblock = effective.superblock();
    return superblock.version() >= MetadataVersion.RECONCILE.number()
        && superblock.versionIncompatAllowed()
            >= MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S.number();
  }

  /** The note in an extent; 0 if it has none. */
  long noteOf(Bkey key) {
    entries.of(key, sizes);
    while (entries.next()) {
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        return entries.word();
      }
    }
    return 0;
  }

  /**
   * The extent with the note that it must have; the key itself if it is right as it is.
   *
   * @param key with pointers, of a leaf
   */
  Bkey noted(Bkey key, ReconcileOptions options) {
    judge(key, options, false);
    boolean shared = key.type() == KeyType.REFLINK_V.number();
    boolean wanted = ExtentReconcile.NEED_RB.get(now) != 0 || (shared && options.own() != 0);
    if (lacking == 0 && needless == 0 && (wanted ? now : 0) == old) {
      return key;
    }
    return rewritten(key, wanted);
  }

  /** Whether a pointer to a node does not lead to as many copies as wanted, or elsewhere. */
  boolean needsWork(Bkey pointer, ReconcileOptions options) {
    judge(pointer, options, true);
    return ExtentReconcile.NEED_RB.get(now) != 0;
  }

  private void judge(Bkey key, ReconcileOptions options, boolean node) {
    Superblock superblock = effective.superblock();
    List<Member> members = superblock.members();
    int checksum = checksum(options, superblock);
    int compression = COMPRESSIONS[options.compressionType() % COMPRESSIONS.length].number();
    int need = 0;
    int moving = 0;
    boolean urgent = false;
    boolean incompressible = false;
    boolean unwritten = false;
    boolean striped = false;
    int durability = 0;
    int promised = 0;
    int gone = 0;
    int stripeRedundancy = 0;
    long least = Integer.MAX_VALUE;
    old = noteOf(key);
    needless = node ? 0 : needless(key, options, members);
    int left = needless;
    entries.of(key, sizes);
    for (int index = 0; entries.nextPtr(); index++) {
      int device = entries.dev();
      if (device == ExtentPtr.NO_DEVICE && left > 0) {
        left--;
        index--;
        continue;
      }
      boolean stripe = entries.hasStripe();
      boolean cached = entries.cached();
      Member member = member(members, device);
      boolean leaving = !stripe && (member == null || member.state() == MemberState.EVACUATING);
      incompressible |= entries.crc().compressionType() == CompressionType.INCOMPRESSIBLE.number();
      unwritten |= entries.unwritten();
      if (!entries.poisoned() && !node && !cached) {
        need |= entries.crc().checksumType() == checksum ? 0 : CHECKSUM;
        need |= entries.crc().compressionType() == compression ? 0 : COMPRESSION;
      }
      boolean elsewhere =
          !entries.poisoned()
              && !leaving
              && !cached
              && options.target() != 0
              && !TargetMembers.of(superblock, options.target()).test(device);
      need |= elsewhere ? TARGET : 0;
      need |= leaving ? REPLICAS : 0;
      urgent |= leaving;
      if ((elsewhere || leaving) && device != ExtentPtr.NO_DEVICE) {
        moving |= 1 << index;
      }
      int counts = cached || member == null ? 0 : member.durability();
      counts = stripe && !cached && member != null ? entries.stripeRedundancy() + 1 : counts;
      promised += counts;
      durability += leaving ? 0 : counts;
      least = cached ? least : Math.min(least, leaving ? 0 : counts);
      if (stripe && options.erasureCode()) {
        stripeRedundancy = Math.max(stripeRedundancy, entries.stripeRedundancy());
      }
      striped |= stripe;
      gone += device == ExtentPtr.NO_DEVICE ? 1 : 0;
    }
    if (unwritten || incompressible) {
      need &= ~COMPRESSION;
    }
    if (unwritten) {
      need &= ~CHECKSUM;
    }
    if (Math.max(durability, stripeRedundancy) < options.replicas()) {
      need |= REPLICAS;
      urgent = true;
    }
    if (durability >= options.replicas() + least) {
      need |= REPLICAS;
    }
    if (!unwritten && options.erasureCode() != striped) {
      need |= ERASURE_CODE;
    }
    now = options.word();
    now = ExtentReconcile.NEED_RB.set(now, need);
    now = ExtentReconcile.HIPRI.set(now, urgent ? 1 : 0);
    now = ExtentReconcile.PTRS_MOVING.set(now, moving & ExtentReconcile.PTRS_MOVING.max());
    keepPending(need, urgent);
    lacking = node ? 0 : Math.max(0, options.replicas() - promised - gone);
    if (superblock.versionIncompatAllowed() < MetadataVersion.NO_SB_USER_DATA_REPLICAS.number()) {
      lacking = 0;
    }
  }

  /** How many pointers to no device promise more copies than are wanted. */
  private int needless(Bkey key, ReconcileOptions options, List<Member> members) {
    int promised = 0;
    int gone = 0;
    entries.of(key, sizes);
    while (entries.nextPtr()) {
      Member member = member(members, entries.dev());
      gone += entries.dev() == ExtentPtr.NO_DEVICE ? 1 : 0;
      if (!entries.cached() && member != null) {
        promised += entries.hasStripe() ? entries.stripeRedundancy() + 1 : member.durability();
      }
    }
    return Math.clamp((long) promised + gone - options.replicas(), 0, gone);
  }

  private static Member member(List<Member> members, int device) {
    Member member = device < members.size() ? members.get(device) : null;
    return member != null && member.exists() ? member : null;
  }

  private int checksum(ReconcileOptions options, Superblock superblock) {
    if (options.nocow()) {
      return ChecksumType.NONE.number();
    }
    if (superblock.flag(SuperblockFlag.ENCRYPTION_TYPE) != 0) {
      return effective.value(FilesystemOption.WIDE_MACS) != 0
          ? ChecksumType.CHACHA20_POLY1305_128.number()
          : ChecksumType.CHACHA20_POLY1305_80.number();
    }
    return CHECKSUMS[options.checksum() % CHECKSUMS.length].number();
  }

  /** Work that had to wait goes on waiting, unless there is more of it now. */
  private void keepPending(int need, boolean urgent) {
    boolean same = old != 0 && (ExtentReconcile.NEED_RB.get(old) & ~need) == 0;
    boolean newlyUrgent = urgent && !ExtentReconcile.HIPRI.isSet(old);
    if (same && ExtentReconcile.PENDING.isSet(old) && !newlyUrgent && need != 0) {
      now = ExtentReconcile.PENDING.set(now, 1);
    }
  }

  private Bkey rewritten(Bkey key, boolean wanted) {
    int words = key.valueBytes() / WORD;
    MemorySegment value = MemorySegment.ofArray(new long[words + 1 + lacking]);
    int at = 0;
    boolean placed = false;
    int left = needless;
    long start = key.valueOffset();
    entries.of(key, sizes);
    long from = start;
    while (entries.next()) {
      long entryEnd = entries.entryOffset() + entries.entryBytes();
      boolean drop =
          left > 0
              && entries.type() == ExtentEntryType.PTR.number()
              && ExtentPtr.DEV.getInt(entries.word()) == ExtentPtr.NO_DEVICE;
      if (drop) {
        int before = (int) (entries.entryOffset() - from);
        MemorySegment.copy(key.segment(), from, value, at, before);
        at += before;
        from = entryEnd;
        left--;
      }
      if (entries.type() == ExtentEntryType.RECONCILE.number()) {
        int before = (int) (entries.entryOffset() - from);
        MemorySegment.copy(key.segment(), from, value, at, before);
        at += before;
        if (wanted && !placed) {
          Le.putU64(value, at, now);
          at += WORD;
          placed = true;
        }
        from = entryEnd;
      }
    }
    int rest = (int) (start + key.valueBytes() - from);
    MemorySegment.copy(key.segment(), from, value, at, rest);
    at += rest;
    if (wanted && !placed) {
      Le.putU64(value, at, now);
      at += WORD;
    }
    for (int i = 0; i < lacking; i++) {
      Le.putU64(value, at, ExtentPtr.pack(ExtentPtr.NO_DEVICE, 0, 0, false, false));
      at += WORD;
    }
    return key.copy().setValue(value, 0, at);
  }
}
