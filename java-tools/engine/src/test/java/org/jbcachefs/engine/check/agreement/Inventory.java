// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.agreement;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.testing.GoldenImages;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.edit.EditResult;
import org.jbcachefs.engine.edit.ImageEditor;
import org.jbcachefs.engine.journal.JournalEntry;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.node.BtreePointer;

/** What there is in a golden filesystem to be damaged. Immutable. */
final class Inventory {
  /** A key, by words of the editing language. */
  record Key(String btree, Bpos pos, int type, int valueBytes) {}

  /** A node, and one place where it is. */
  record Node(String btree, Bpos max, int device, long offset, int written) {
    boolean isCopyOf(Node other) {
      return btree.equals(other.btree) && max.equals(other.max);
    }
  }

  final List<List<Key>> keysByBtree = new ArrayList<>();
  final List<Key> pointers = new ArrayList<>();
  final List<Node> nodes = new ArrayList<>();
  final List<String> superblockFields = new ArrayList<>();
  final List<Long> journal = new ArrayList<>();
  final List<Long> sizes = new ArrayList<>();

  Inventory(String golden) {
    this(() -> GoldenImages.open(golden), GoldenImages.passphrase(golden));
  }

  /** Of a filesystem whose members can be opened again and again. */
  Inventory(Supplier<List<BlockDevice>> members, String passphrase) {
    OpenOptions options =
        OpenOptions.defaults()
            .withThreads(1)
            .withPassphrase(
                () -> passphrase == null ? null : passphrase.getBytes(StandardCharsets.UTF_8));
    try (ReadFilesystem filesystem = ReadFilesystem.open(members.get(), options)) {
      for (int btree : filesystem.btrees().present()) {
        btree(filesystem, btree);
      }
      try (JournalListing listing =
          new JournalListing(filesystem.devices(), filesystem.key().orElse(null), 1)) {
        for (JournalEntry entry : listing.entries()) {
          if (!filesystem.superblock().clean()
              && entry.good()
              && Long.compareUnsigned(entry.seq(), listing.firstDirty()) >= 0) {
            journal.add(entry.seq());
          }
        }
      }
    }
    List<BlockDevice> devices = members.get();
    devices.forEach(device -> sizes.add(device.size()));
    for (EditResult.Field field : new ImageEditor(devices, options).run("get sb").fields()) {
      // 1.13 has an opinion on these two; later versions do not look at them any more.
      if (!field.name().endsWith("_replicas_req")) {
        superblockFields.add(field.name());
      }
    }
    devices.forEach(BlockDevice::close);
  }

  private void btree(ReadFilesystem filesystem, int btree) {
    int root = filesystem.btrees().rootLevel(btree);
    for (var one : filesystem.journal().roots()) {
      if (one.btree() == btree && one.key() != null) {
        node(btree, one.level(), one.key());
      }
    }
    for (int level = root; level >= 0; level--) {
      String name = BtreeId.nameOf(btree) + (level == 0 ? "" : ":" + level);
      List<Key> found = new ArrayList<>();
      try (KeyIterator keys = filesystem.btrees().iterate(btree, level, Bpos.MIN, Bpos.MAX)) {
        while (keys.next()) {
          Bkey key = keys.key();
          found.add(new Key(name, key.pos(), key.type(), key.valueBytes()));
          if (level > 0) {
            node(btree, level - 1, key);
          }
        }
      }
      if (level > 0) {
        pointers.addAll(found);
      } else if (!found.isEmpty()) {
        keysByBtree.add(found);
      }
    }
  }

  private void node(int btree, int level, Bkey key) {
    BtreePointer pointer = BtreePointer.parse(btree, level, key, Place.NOWHERE);
    for (BtreePointer.Replica replica : pointer.replicas()) {
      nodes.add(
          new Node(
              BtreeId.nameOf(btree) + ":" + level,
              pointer.maxKey(),
              replica.device(),
              replica.sector() * 512,
              Math.max(1, pointer.sectorsWritten()) * 512));
    }
  }
}
