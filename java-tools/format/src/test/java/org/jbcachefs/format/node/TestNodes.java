// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.BkeyFormat;
import org.jbcachefs.format.bkey.BkeyFormatBuilder;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.checksum.ChecksumType;
import org.jbcachefs.format.crypto.FilesystemKey;

/** Nodes made for tests, from a seed. */
public final class TestNodes {
  public static final int NODE_BYTES = 16 << 10;
  public static final int BLOCK_BYTES = 512;

  /** An inodes leaf with some bsets, its pointer, and the keys that were put into each bset. */
  public record Sample(
      NodeContext context, BtreePointer pointer, MemorySegment bytes, List<List<Bkey>> bsets) {}

  private TestNodes() {}

  public static NodeContext context(ChecksumType checksum, LongPredicate blacklisted) {
    byte[] key = new byte[FilesystemKey.BYTES];
    key[3] = 7;
    return new NodeContext(
        NodeContext.magicOf(0x1122334455667788L),
        BLOCK_BYTES,
        NODE_BYTES,
        1024 + 38,
        1024 + 13,
        checksum.isMac() ? new FilesystemKey(key) : null,
        checksum.isMac(),
        blacklisted);
  }

  /** A node with up to five bsets; positions recur, deletions occur, some keys are unpacked. */
  public static Sample sample(ChecksumType checksum, SplittableRandom random) {
    NodeContext context = context(checksum, seq -> false);
    List<List<Bkey>> bsets = new ArrayList<>();
    int count = 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      bsets.add(keys(random, i == 0 ? random.nextInt(60) : 1 + random.nextInt(20)));
    }
    return encode(context, checksum, bsets, format(bsets, random), random.nextLong() | 1);
  }

  /** Encodes bsets as an inodes leaf that spans everything. */
  public static Sample encode(
      NodeContext context,
      ChecksumType checksum,
      List<List<Bkey>> bsets,
      BkeyFormat format,
      long seq) {
    MemorySegment bytes = Arena.ofAuto().allocate(NODE_BYTES, 8);
    NodeEncoder.Header header = new NodeEncoder.Header(1, 0, 5, seq, Bpos.MIN, Bpos.MAX, format);
    NodeEncoder encoder = new NodeEncoder(context, header, checksum, bytes);
    long journalSeq = 100;
    for (List<Bkey> keys : bsets) {
      encoder.addBset(keys, journalSeq++);
    }
    BtreePointer pointer = pointer(seq, encoder.sectorsWritten());
    return new Sample(context, pointer, bytes, bsets);
  }

  public static BtreePointer pointer(long seq, int sectors) {
    List<BtreePointer.Replica> replicas = List.of(new BtreePointer.Replica(0, 0, 0));
    return new BtreePointer(1, 0, Bpos.MIN, Bpos.MAX, seq, sectors, false, replicas);
  }

  // Now and then a format that only holds the first half of the keys.
  private static BkeyFormat format(List<List<Bkey>> bsets, SplittableRandom random) {
    BkeyFormatBuilder builder = new BkeyFormatBuilder();
    boolean some = random.nextInt(3) == 0;
    for (List<Bkey> keys : bsets) {
      keys.subList(0, some ? keys.size() / 2 : keys.size()).forEach(builder::add);
    }
    return builder.build();
  }

  private static List<Bkey> keys(SplittableRandom random, int count) {
    TreeSet<Bpos> positions = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      positions.add(new Bpos(0, 4096 + random.nextInt(100), -1 - random.nextInt(2)));
    }
    List<Bkey> keys = new ArrayList<>();
    for (Bpos pos : positions) {
      boolean deleted = random.nextInt(5) == 0;
      if (deleted) {
        keys.add(key(pos, 0, 0, random));
      }
      if (!deleted || random.nextInt(3) == 0) {
        keys.add(key(pos, 29, 8 * random.nextInt(8), random));
      }
    }
    return keys;
  }

  private static Bkey key(Bpos pos, int type, int valueBytes, SplittableRandom random) {
    byte[] value = new byte[valueBytes];
    random.nextBytes(value);
    MemorySegment segment = MemorySegment.ofArray(new long[valueBytes / 8]);
    MemorySegment.copy(MemorySegment.ofArray(value), 0, segment, 0, valueBytes);
    return new Bkey().setPos(pos).setType(type).setValue(segment, 0, valueBytes);
  }
}
