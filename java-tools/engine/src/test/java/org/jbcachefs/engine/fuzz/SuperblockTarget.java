// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.Section;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.tables.FilesystemOption;

/** Superblocks with all their sections, restamped or not. */
final class SuperblockTarget implements Target {
  private static final Place PLACE = Place.device("fuzzed", 4096);

  @Override
  public void run(Bench bench, Mutator mutator) {
    Sample sample = mutator.oneOf(bench.corpus().superblocks(), bench.corpus().madeUpSuperblocks());
    byte[] bytes = mutator.damage(sample);
    if (mutator.random().nextInt(8) == 0) {
      bytes = Arrays.copyOf(bytes, mutator.random().nextInt(bytes.length + 512));
    }
    boolean whole = bytes.length >= Superblock.BYTES;
    if (mutator.random().nextInt(4) != 0 || !whole) {
      if (whole) {
        Restamp.superblock(bytes);
      }
      decode(bytes);
    } else {
      noticed(sample, bytes);
    }
  }

  private static void decode(byte[] bytes) {
    MemorySegment segment = MemorySegment.ofArray(bytes);
    Superblock.sizeOf(segment, PLACE);
    Superblock superblock = Superblock.parse(segment, PLACE);
    superblock.members().forEach(SuperblockTarget::look);
    for (FilesystemOption option : FilesystemOption.values()) {
      superblock.option(option);
    }
    for (RawSection raw : superblock.sections()) {
      Section section = superblock.decode(raw);
      Bytes again = section.encode();
      if (!again.equals(raw.payload())) {
        throw new AssertionError("section " + raw.name() + " is encoded into other bytes");
      }
    }
    superblock.journalBuckets();
    superblock.replicas();
    superblock.diskGroups();
    superblock.blacklist();
    superblock.cleanSection();
    superblock.crypt();
    superblock.ext();
    superblock.refuseUnreadable();
    new SuperblockEditor(superblock).toSuperblock(PLACE);
  }

  private static void look(Member member) {
    member.state();
    member.durability();
    member.label();
    member.deviceName();
    member.deviceModel();
    member.deviceSerial();
  }

  private static void noticed(Sample sample, byte[] bytes) {
    byte[] was = sample.copy();
    boolean same =
        bytes.length >= was.length && Arrays.equals(was, 0, was.length, bytes, 0, was.length);
    boolean accepted;
    try {
      MemorySegment segment = MemorySegment.ofArray(bytes);
      int size = Superblock.sizeOf(segment, PLACE);
      Superblock.parse(segment, PLACE);
      accepted = size <= bytes.length;
    } catch (CorruptionException _) {
      accepted = false;
    }
    boolean unguarded = (bytes[Superblock.OFFSET_FLAGS] >> 2 & 0x3f) == 0;
    if (accepted && !same && !unguarded) {
      throw new AssertionError("a damaged superblock passes as a good one");
    }
  }
}
