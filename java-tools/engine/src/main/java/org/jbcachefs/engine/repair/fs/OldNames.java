// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.repair.fs;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.repair.RepairContext;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.DecodedNode;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Dirent;
import org.jbcachefs.format.value.KeyValidation;

/**
 * The last names of inodes that have none any more: of directory entries that are gone, but still
 * are in what is left of the journal, or in a node's older sets of keys.
 */
final class OldNames {
  private final Set<Long> wanted;
  private final Map<Long, Found> found = new HashMap<>();
  private final Bkey key = new Bkey();

  private record Found(byte[] name, long seq) {}

  private OldNames(Set<Long> wanted) {
    this.wanted = wanted;
  }

  /**
   * Those of some inodes.
   *
   * @param inodes numbers of inodes
   */
  static OldNames of(RepairContext context, Set<Long> inodes) {
    OldNames names = new OldNames(inodes);
    names.inJournal(context);
    names.inNodes(context);
    return names;
  }

  /** The newest that is known of that inode. */
  Optional<byte[]> of(long inode) {
    return Optional.ofNullable(found.get(inode)).map(one -> one.name().clone());
  }

  private void inJournal(RepairContext context) {
    try (JournalListing listing =
        new JournalListing(
            context.filesystem().devices(), context.filesystem().key().orElse(null), 1)) {
      JsetEntry entry = new JsetEntry();
      JsetKeys keys = new JsetKeys();
      for (JournalEntry each : listing.entries()) {
        if (!each.good()) {
          continue;
        }
        Jset jset = listing.load(each);
        entry.over(jset.segment(), jset.entriesStart(), jset.end());
        while (entry.next()) {
          JsetEntryType type = JsetEntryType.of(entry.type());
          boolean has = type == JsetEntryType.BTREE_KEYS || type == JsetEntryType.OVERWRITE;
          if (has && entry.level() == 0 && entry.btree() == BtreeId.DIRENTS.number()) {
            keys.over(entry);
            while (keys.next()) {
              take(keys.read(key), each.seq());
            }
          }
        }
      }
    }
  }

  private void inNodes(RepairContext context) {
    LiveNode root = context.filesystem().repair().root(BtreeId.DIRENTS.number());
    if (root == null) {
      return;
    }
    NodeReader reader =
        new NodeReader(
            context.filesystem().devices(),
            context.filesystem().repair().nodeContext(),
            false,
            _ -> {});
    if (root.level() == 0) {
      inNode(reader, root.pointer());
      return;
    }
    try (KeyIterator pointers =
        context.btrees().iterate(BtreeId.DIRENTS.number(), 1, Bpos.MIN, Bpos.MAX)) {
      while (pointers.next()) {
        inNode(
            reader, BtreePointer.parse(BtreeId.DIRENTS.number(), 0, pointers.key(), Place.NOWHERE));
      }
    }
  }

  private void inNode(NodeReader reader, BtreePointer pointer) {
    if (pointer == null) {
      return;
    }
    DecodedNode node;
    try {
      node = reader.read(pointer).decoded();
    } catch (CorruptionException | DeviceException _) {
      // It has been reported, or is not written yet; no name is known of it.
      return;
    }
    List<DecodedNode.BsetInfo> counting =
        node.bsetInfos().stream().filter(info -> !info.blacklisted()).toList();
    for (int bset = 0; bset < node.bsets(); bset++) {
      long seq = bset < counting.size() ? counting.get(bset).journalSeq() : 0;
      for (int i = node.bsetStart(bset); i < node.bsetEnd(bset); i++) {
        take(node.format().read(node.bytes(), node.keyOffsets()[i], key), seq);
      }
    }
  }

  private void take(Bkey dirent, long seq) {
    if (dirent.type() != KeyType.DIRENT.number()
        || dirent.valueBytes() < Dirent.MIN_BYTES
        || Dirent.type(dirent) == Dirent.TYPE_SUBVOLUME
        || !wanted.contains(Dirent.target(dirent))
        || KeyValidation.check(
                BtreeId.DIRENTS.number(), 0, dirent, MetadataVersion.CURRENT.number())
            != null) {
      return;
    }
    long inode = Dirent.target(dirent);
    Found known = found.get(inode);
    if (known == null || Long.compareUnsigned(known.seq(), seq) <= 0) {
      found.put(inode, new Found(Dirent.decode(dirent).name(), seq));
    }
  }
}
