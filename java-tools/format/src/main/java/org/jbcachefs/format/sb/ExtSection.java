// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.sb;

import java.util.List;
import java.util.stream.IntStream;
import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * What did not fit elsewhere: scheduled recovery passes, errors to repair in silence, btrees that
 * lost data, and a word of options. It has grown; fields beyond its end read as 0. Source: {@code
 * struct bch_sb_field_ext}.
 *
 * @param stored everything behind the section's header
 */
public record ExtSection(Bytes stored) implements Section {
  public static final int OFFSET_RECOVERY_PASSES_REQUIRED = 8;
  public static final int OFFSET_ERRORS_SILENT = 24;
  public static final int OFFSET_BTREES_LOST_DATA = 88;
  public static final int OFFSET_FLAGS0 = 96;

  /** Of version 1.39, as is the next. */
  public static final int OFFSET_BTREES_LOST_DATA_EVER = 104;

  public static final int OFFSET_BTREES_CLEAN = 112;

  /** How many error ids can be silenced. */
  public static final int ERRORS_SILENT_BITS = 512;

  public static final BitRange DEV_READAHEAD = new BitRange(0, 20);
  public static final BitRange EC_STRIPE_BUF_LIMIT = new BitRange(20, 26);
  public static final BitRange SCRUB_MAX_REWIND_SECS = new BitRange(26, 38);
  public static final BitRange DISCARD_BUFFER = new BitRange(38, 42);
  public static final BitRange BTREE_CACHE_SHRINKER_SEEKS = new BitRange(42, 49);
  public static final BitRange MISSING_DEV_TIMEOUT = new BitRange(49, 61);

  /** The shortest ext section there was. */
  private static final int MIN_BYTES = 88;

  static ExtSection parse(RawSection section, Place place) {
    SectionReader in = new SectionReader(section, place);
    in.requireBytes(MIN_BYTES);
    return new ExtSection(section.payload());
  }

  /** Stable numbers of passes to run at the next mount, as bits. */
  public long recoveryPassesRequired() {
    return word(OFFSET_RECOVERY_PASSES_REQUIRED);
  }

  /** The same as passes, in the order in which they run. */
  public List<RecoveryPass> requiredPasses() {
    return RecoveryPass.inWord(recoveryPassesRequired());
  }

  /** Numbers of errors to repair in silence. */
  public List<Integer> errorsSilent() {
    return IntStream.range(0, ERRORS_SILENT_BITS).filter(this::silent).boxed().toList();
  }

  private boolean silent(int error) {
    return (word(OFFSET_ERRORS_SILENT + error / Long.SIZE * 8) >>> error & 1) != 0;
  }

  /** Btree numbers as bits. */
  public long btreesLostData() {
    return word(OFFSET_BTREES_LOST_DATA);
  }

  /** A word of options. */
  public long flags0() {
    return word(OFFSET_FLAGS0);
  }

  /** Whether the section is long enough to have the 8 bytes at that offset. */
  public boolean has(int offset) {
    return offset + 8 - RawSection.HEADER_BYTES <= stored.length();
  }

  /** Btree numbers as bits: those that ever lost data. */
  public long btreesLostDataEver() {
    return word(OFFSET_BTREES_LOST_DATA_EVER);
  }

  /** Btree numbers as bits: those found consistent and not changed since. */
  public long btreesClean() {
    return word(OFFSET_BTREES_CLEAN);
  }

  private long word(int offset) {
    return has(offset) ? stored.u64(offset - RawSection.HEADER_BYTES) : 0;
  }

  @Override
  public int type() {
    return SectionType.EXT.number();
  }

  @Override
  public Bytes encode() {
    return stored;
  }
}
