// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jbcachefs.block.testing.MemoryDevice;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRules;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bytes.Le;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.node.BsetLayout;
import org.jbcachefs.format.node.BtreeNodeEntryLayout;
import org.jbcachefs.format.node.BtreeNodeLayout;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said in journal entries and nodes, as it goes to the devices. */
class JournalRulesTest {
  /** What a kernel leaves out after a crash beyond what it has seen. */
  private static final long SEQS_AHEAD = 64;

  private static final int SHARD_BITS = 2;
  private static final int NUMBER_BITS = 63;

  @TempDir Path spill;

  /** How many entries and sets of keys of nodes were seen, and what is wrong with them. */
  record Seen(int entries, int sets, Set<String> wrong) {}

  @Test
  void entriesAndNodesSayWhatTheyMust() {
    Seen seen = seen(WriteRules.ALL);
    assertEquals(Set.of(), seen.wrong());
    assertTrue(seen.entries() > 50, seen.toString());
    assertTrue(seen.sets() > 50, seen.toString());
  }

  /** W4, W6, W8, W20 of a workload. */
  static Seen seen(WriteRules rules) {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 40L << 20)));
    SmallFilesystem.create(media, 8 << 10, SmallFilesystem.options(1)).close();
    media = Judge.reopenable(media);
    WriteLog log = new WriteLog(media);
    WritableFilesystem filesystem =
        WritableFilesystem.open(log.devices(), SmallFilesystem.options(2, rules));
    long magicWord = filesystem.superblock().magicWord();
    new Workload(new Random(3), new TreeMap<>()).run(filesystem, 3_000, 25);
    filesystem.close();
    return new Watcher(magicWord).watch(log.written());
  }

  /** Looks at writes in their order. */
  private static final class Watcher {
    private final long jsetMagic;
    private final long nodeMagic;
    private final Set<Long> nodes = new TreeSet<>();
    private final Set<String> wrong = new TreeSet<>();
    private long durable;
    private int entries;
    private int sets;

    Watcher(long magicWord) {
      this.jsetMagic = Jset.magic(magicWord);
      this.nodeMagic = BtreeNodeLayout.MAGIC ^ magicWord;
    }

    Seen watch(List<byte[]> writes) {
      for (byte[] bytes : writes) {
        MemorySegment write = MemorySegment.ofArray(bytes);
        if (bytes.length < BtreeNodeLayout.BYTES) {
          continue;
        }
        if (Le.u64(write, Jset.OFFSET_MAGIC) == jsetMagic) {
          entry(new Jset().wrap(write, 0));
        } else if (Le.u64(write, BtreeNodeLayout.OFFSET_MAGIC) == nodeMagic) {
          nodes.add(Le.u64(write, BtreeNodeLayout.OFFSET_BSET + BsetLayout.OFFSET_SEQ));
          set(write, BtreeNodeLayout.OFFSET_BSET);
        } else if (nodes.contains(Le.u64(write, BtreeNodeEntryLayout.OFFSET_BSET))) {
          set(write, BtreeNodeEntryLayout.OFFSET_BSET);
        }
      }
      return new Seen(entries, sets, wrong);
    }

    private void entry(Jset jset) {
      entries++;
      JsetEntry each = new JsetEntry().over(jset);
      long limit = 0;
      boolean overwrites = false;
      while (each.next()) {
        if (each.is(JsetEntryType.REWIND_LIMIT)) {
          limit = Le.u64(each.segment(), each.dataOffset());
        }
        overwrites |= each.is(JsetEntryType.OVERWRITE);
      }
      if (limit == 0 || Long.compareUnsigned(limit, jset.seq() + 1) > 0) {
        wrong.add("W4: a flush entry says up to where one may rewind, itself at most");
      }
      if (jset.hasOverwrites() != overwrites) {
        wrong.add("W6: the flag for overwrites where there are none");
      }
      if (jset.noFlush() || jset.lastSeq() == 0) {
        wrong.add("W8: an entry that does not count was taken for durable");
      }
      durable = jset.seq();
    }

    private void set(MemorySegment write, long bset) {
      sets++;
      long seq = Le.u64(write, bset + BsetLayout.OFFSET_JOURNAL_SEQ);
      if (Long.compareUnsigned(seq, durable + SEQS_AHEAD) >= 0) {
        wrong.add("W20: a node with numbers far ahead of what is durable");
      }
    }
  }

  @Test
  void leavesAreOfOneShardOfInodeNumbers() throws InterruptedException {
    assertEquals(Set.of(), mixedLeaves(WriteRules.ALL, spill));
  }

  /** Btrees with a leaf that holds inodes of several shards, after many have come and gone. */
  static Set<BtreeId> mixedLeaves(WriteRules rules, Path spill) throws InterruptedException {
    List<MemoryDevice> media = new ArrayList<>(List.of(new MemoryDevice("device", 96L << 20)));
    int allowed = MetadataVersion.number(1, 38);
    Map<FilesystemOption, Long> options =
        Map.of(FilesystemOption.SHARD_INODE_NUMBERS_BITS, (long) SHARD_BITS);
    Set<BtreeId> mixed = new TreeSet<>();
    try (WritableFilesystem filesystem =
        FilesystemFormat.create(
            SmallFilesystem.format(media, 8 << 10, 512, 1, allowed, options, null),
            Optional.empty(),
            SmallFilesystem.options(5, rules))) {
      WritableTree tree = new WritableTree(filesystem, _ -> {});
      List<InodeId> directories = new ArrayList<>();
      // Threads have numbers, and shards follow from these: all are met from the beginning.
      for (int shard = 0; shard < 1 << SHARD_BITS; shard++) {
        int which = shard;
        inThread(() -> directories.add(make(tree, tree.root(), "d" + which, 0x4000 | 0755)));
      }
      for (InodeId directory : directories) {
        inThread(() -> {
          for (int i = 0; i < 150; i++) {
            InodeId file = make(tree, directory, "f" + i, 0x8000 | 0644);
            tree.write(file, 0, MemorySegment.ofArray(new byte[700 + i]));
            tree.setXattr(file, name("user.x"), name("y".repeat(40)), XattrMode.ANY);
          }
        });
      }
      mixed.addAll(mixed(filesystem));
      for (InodeId directory : directories) {
        for (int i = 0; i < 145; i++) {
          tree.unlink(directory, name("f" + i));
        }
      }
      filesystem.tick();
      mixed.addAll(mixed(filesystem));
      tree.close();
    }
    assertEquals(List.of(), Judge.findings(media, spill));
    return mixed;
  }

  private static void inThread(Runnable work) throws InterruptedException {
    Thread thread = Thread.ofPlatform().start(work);
    thread.join();
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private static InodeId make(WritableTree tree, InodeId directory, String name, int mode) {
    return tree.create(directory, name(name), NewInode.of(mode, 0, 0)).id();
  }

  private static Set<BtreeId> mixed(WritableFilesystem filesystem) {
    Set<BtreeId> mixed = new TreeSet<>();
    for (BtreeId btree :
        List.of(BtreeId.INODES, BtreeId.EXTENTS, BtreeId.DIRENTS, BtreeId.XATTRS)) {
      int number = btree.number();
      if (filesystem.btrees().rootLevel(number) == 0) {
        continue;
      }
      Bpos from = Bpos.MIN;
      try (KeyIterator leaves = filesystem.btrees().iterate(number, 1, Bpos.MIN, Bpos.MAX)) {
        while (leaves.next()) {
          Bpos to = leaves.key().pos();
          Set<Long> shards = new TreeSet<>();
          try (KeyIterator keys = filesystem.btrees().iterate(number, from, to)) {
            while (keys.next()) {
              long inode = btree == BtreeId.INODES ? keys.key().offset() : keys.key().inode();
              shards.add(inode >>> (NUMBER_BITS - SHARD_BITS));
            }
          }
          if (shards.size() > 1) {
            mixed.add(btree);
          }
          from = to.equals(Bpos.MAX) ? to : to.successor();
        }
      }
    }
    return mixed;
  }
}
