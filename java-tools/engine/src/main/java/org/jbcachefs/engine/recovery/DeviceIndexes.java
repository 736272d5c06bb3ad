// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.btree.BtreeNode;
import org.jbcachefs.engine.btree.FoundNode;
import org.jbcachefs.engine.btree.NodeReader;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.journal.Jset;
import org.jbcachefs.format.journal.JsetEntry;
import org.jbcachefs.format.journal.JsetEntryType;
import org.jbcachefs.format.journal.JsetIntegrity;
import org.jbcachefs.format.journal.JsetKeys;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.node.NodeContext;

/**
 * Which member each of some devices is, told by what they hold: a pointer to a btree node names the
 * node by a random number, and says on which device at which sector it lies; a device on which that
 * node lies at that sector is the one meant. Pointers come from interior nodes and from the
 * journal, whose every entry names the roots. Belongs to one thread.
 */
final class DeviceIndexes {
  private static final int SECTOR = 512;
  private static final int CHUNK = 4 << 20;

  private final NodeContext context;
  private final long journalMagic;
  private final FilesystemKey key;
  private final int threads;
  private final Map<BlockDevice, Map<Long, Set<Long>>> sectorsByNode = new LinkedHashMap<>();
  private final Map<Long, Set<BtreePointer.Replica>> placesByNode = new HashMap<>();
  private final JsetEntry entry = new JsetEntry();
  private final JsetKeys keys = new JsetKeys();

  /**
   * @param key null if the filesystem is not encrypted
   */
  DeviceIndexes(NodeContext context, long journalMagic, FilesystemKey key, int threads) {
    this.context = context;
    this.journalMagic = journalMagic;
    this.key = key;
    this.threads = threads;
  }

  /** Looks through the devices of a set for nodes and pointers, whatever places they have in it. */
  void look(DeviceSet set) {
    NodeReader reader = new NodeReader(set, context, true, finding -> {});
    for (FoundNode node : new NodeScan(set, context, threads, bytes -> {}).run()) {
      for (BtreePointer.Replica replica : node.replicas()) {
        sectorsByNode
            .computeIfAbsent(set.device(replica.device()), _ -> new HashMap<>())
            .computeIfAbsent(node.seq(), _ -> new HashSet<>())
            .add(replica.sector());
      }
      if (node.level() > 0) {
        notePointers(reader, node);
      }
    }
    for (int index = 0; index < set.size(); index++) {
      if (set.device(index) != null) {
        lookForEntries(set.device(index));
      }
    }
  }

  private void notePointers(NodeReader reader, FoundNode found) {
    try {
      BtreeNode node = reader.read(found.pointer(found.minKey(), found.maxKey()));
      for (int i = 0; i < node.size(); i++) {
        note(node.pointerAt(i));
      }
    } catch (CorruptionException | DeviceException _) {
      // One that cannot be read says nothing; others will.
    }
  }

  private void note(BtreePointer pointer) {
    placesByNode.computeIfAbsent(pointer.seq(), _ -> new HashSet<>()).addAll(pointer.replicas());
  }

  private void lookForEntries(BlockDevice device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(CHUNK);
      MemorySegment whole = arena.allocate(Jset.WRITTEN_BYTES_MAX, Long.BYTES);
      for (long at = 0; at < device.size(); at += CHUNK) {
        int length = (int) Math.min(CHUNK, device.size() - at);
        device.read(at, chunk.asSlice(0, length));
        for (int in = 0; in + Jset.BYTES <= length; in += SECTOR) {
          if (new Jset().wrap(chunk, in).magic() == journalMagic) {
            noteRoots(device, at + in, whole);
          }
        }
      }
    } catch (DeviceException _) {
      // What was read until then has been taken.
    }
  }

  private void noteRoots(BlockDevice device, long at, MemorySegment whole) {
    Jset jset = new Jset().wrap(whole, 0);
    device.read(at, whole.asSlice(0, Jset.BYTES));
    long bytes = jset.bytes();
    if (bytes > whole.byteSize() || bytes > device.size() - at) {
      return;
    }
    device.read(at, whole.asSlice(0, bytes));
    if (!JsetIntegrity.verify(jset, key)) {
      return;
    }
    JsetIntegrity.decrypt(jset, key);
    entry.over(jset);
    while (entry.next()) {
      if (entry.is(JsetEntryType.BTREE_ROOT)) {
        noteRoot();
      }
    }
  }

  private void noteRoot() {
    keys.over(entry);
    while (keys.next()) {
      try {
        Bkey pointer = keys.read(new Bkey());
        note(BtreePointer.parse(entry.btree(), entry.level(), pointer, Place.NOWHERE));
      } catch (CorruptionException _) {
        // Not a pointer.
      }
    }
  }

  /** The highest device number that any pointer names; -1 if there is none. */
  int highest() {
    return placesByNode.values().stream()
        .flatMap(Set::stream)
        .mapToInt(BtreePointer.Replica::device)
        .filter(device -> device != BtreePointer.NO_DEVICE)
        .max()
        .orElse(-1);
  }

  /**
   * The indexes of those devices, as far as what they hold tells.
   *
   * @param free whether an index may be given
   */
  Map<BlockDevice, Integer> assign(Collection<BlockDevice> devices, IntPredicate free) {
    MemberClaims claims = new MemberClaims();
    for (BlockDevice device : devices) {
      count(device)
          .forEach((index, nodes) -> {
            if (free.test(index)) {
              claims.add(device, index, nodes);
            }
          });
    }
    return claims.settled();
  }

  private Map<Integer, Long> count(BlockDevice device) {
    Map<Integer, Long> counts = new HashMap<>();
    sectorsByNode
        .getOrDefault(device, Map.of())
        .forEach((node, sectors) -> {
          for (BtreePointer.Replica place : placesByNode.getOrDefault(node, Set.of())) {
            if (sectors.contains(place.sector())) {
              counts.merge(place.device(), 1L, Long::sum);
            }
          }
        });
    return counts;
  }
}
