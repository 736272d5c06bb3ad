// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;

/**
 * Makes filesystems: superblocks, journals, all buckets accounted for, the root directory and
 * lost+found, and then one clean end, so that the result is complete and clean on disk. Until that
 * end the superblocks say that it is not initialized.
 */
public final class FilesystemFormat {
  /** What lies before the first copy; the layout by itself is its last sector. */
  private static final int BEFORE_SUPERBLOCK = (int) Superblock.SECTOR << 9;

  /** Where others keep backups of theirs at the end. */
  private static final long END_BYTES = 1 << 20;

  private FilesystemFormat() {}

  /**
   * Makes a filesystem and leaves it open.
   *
   * @param key what the options' crypt section holds, encrypted there or not; empty if nothing is
   *     encrypted
   * @param write clock, randomness and rules; how to open it is of no account
   */
  public static WritableFilesystem create(
      FormatOptions options, Optional<FilesystemKey> key, WriteOptions write) {
    List<BlockDevice> devices = new ArrayList<>();
    options.members().forEach(member -> devices.add(member.device()));
    NewSuperblock superblocks = new NewSuperblock(options, write.clock().instant());
    for (int index = 0; index < devices.size(); index++) {
      long usedBytes = options.members().get(index).sizeBytes();
      writeFirst(devices.get(index), superblocks.of(index), usedBytes);
    }
    DeviceSet set = DeviceSetAssembly.assemble(devices);
    SuperblockWriter superblock = new SuperblockWriter(set, write.clock());
    WriteEngine engine =
        new WriteEngine(set, key.orElse(null), superblock, WriteStart.ofNew(set), write);
    for (int index = 0; index < devices.size(); index++) {
      new NewDevice(engine.committer(), set, index).free();
    }
    // Marking needs btree nodes, which only some of the members may hold.
    for (int index = 0; index < devices.size(); index++) {
      new NewDevice(engine.committer(), set, index).mark();
    }
    new FirstInodes(engine.committer(), superblock.current(), write.random()).create();
    superblock.update(editor -> editor.flag(SuperblockFlag.INITIALIZED, 1));
    engine.countSpace();
    return new WritableFilesystem(devices, set, key.orElse(null), engine);
  }

  /** What the superblock of a member would be at first; nothing is written. */
  public static Superblock preview(FormatOptions options, int index, Instant now) {
    return new NewSuperblock(options, now).of(index);
  }

  /**
   * All copies, the layout by itself, and zeros where other filesystems have their marks: before
   * and where the copies are, and at the end.
   */
  private static void writeFirst(BlockDevice device, Superblock superblock, long usedBytes) {
    SuperblockLayout places = superblock.layout();
    long begin = (places.sectors().get(1) << 9) + places.maxBytes();
    device.writeZeroes(0, Math.min(begin, usedBytes));
    // A member that is to be cut is a new file.
    boolean cut = places.sectors().size() == 2;
    long end =
        cut
            ? usedBytes
            : Math.max(begin, Math.min(places.sectors().getLast() << 9, usedBytes - END_BYTES));
    if (end < usedBytes) {
      device.writeZeroes(end, usedBytes - end);
    }
    writeCopies(device, superblock);
  }

  /** Writes all copies and the layout by itself, whatever is there; durable when it returns. */
  public static void writeCopies(BlockDevice device, Superblock superblock) {
    SuperblockLayout places = superblock.layout();
    byte[] first = new byte[BEFORE_SUPERBLOCK];
    byte[] layout = places.encode().toArray();
    System.arraycopy(layout, 0, first, first.length - layout.length, layout.length);
    device.write(0, MemorySegment.ofArray(first));
    for (long sector : superblock.layout().sectors()) {
      byte[] bytes = new SuperblockEditor(superblock).offsetSector(sector).build();
      byte[] padded = Arrays.copyOf(bytes, Math.ceilDiv(bytes.length, 4096) * 4096);
      device.write(sector << 9, MemorySegment.ofArray(padded));
    }
    device.flush();
  }
}
