// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.VisibleKeys;
import org.jbcachefs.format.bkey.Bkey;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.bkey.KeyType;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.value.Inode;

/**
 * Inodes as far as they are left; where one is missing and something of the file is left, one is
 * made up: a directory if it has entries, else of the type that its name says, as long as its
 * extents reach. Thread-safe.
 */
public final class RescueInodes implements InodeSource {
  /** Readable by the owner alone: who owned it is not known. */
  private static final int DIRECTORY_MODE = Attributes.DIRECTORY | 0700;

  private static final int FILE_PERMISSIONS = 0600;
  private static final int SECTOR_SHIFT = 9;
  private static final int TYPE_SHIFT = 12;
  private static final int REMEMBERED = 100_000;

  private final Btrees btrees;
  private final SnapshotTable snapshots;
  private final Inodes inodes;
  private final Supplier<Remains> remains;
  private final Consumer<Finding> findings;
  private final Map<FileId, Optional<Inode>> madeUp = new ConcurrentHashMap<>();

  RescueInodes(
      Btrees btrees,
      SnapshotTable snapshots,
      Supplier<Remains> remains,
      Consumer<Finding> findings) {
    this.btrees = btrees;
    this.snapshots = snapshots;
    this.inodes = new Inodes(btrees, snapshots);
    this.remains = remains;
    this.findings = findings;
  }

  /** Whether that inode was made up, its directory's hash therefore unknown. */
  static boolean isMadeUp(Inode inode) {
    return inode.hashSeed() == 0;
  }

  @Override
  public Optional<Inode> find(int snapshot, long number) {
    try {
      Optional<Inode> found = inodes.find(snapshot, number);
      return found.isPresent() ? found : makeUp(snapshot, number, "is missing");
    } catch (CorruptionException e) {
      findings.accept(Finding.of(e));
      return makeUp(snapshot, number, "is damaged");
    }
  }

  @Override
  public Inode get(FileId file) {
    return find(file.snapshot(), file.inode())
        .orElseThrow(() ->
            new CorruptionException(
                "dirent_to_missing_inode",
                place(file.snapshot(), file.inode()),
                "the inode is missing, and nothing else is left of the file"));
  }

  /** Where that inode's key belongs. */
  static Place place(int snapshot, long number) {
    return Place.structure("btree inodes")
        .at("0:" + Long.toUnsignedString(number) + ":" + Integer.toUnsignedString(snapshot));
  }

  private Optional<Inode> makeUp(int snapshot, long number, String why) {
    FileId file = new FileId(0, snapshot, number);
    Optional<Inode> known = madeUp.get(file);
    if (known == null) {
      known = makeUpAnew(snapshot, number, why);
      if (madeUp.size() < REMEMBERED) {
        madeUp.put(file, known);
      }
    }
    return known;
  }

  private Optional<Inode> makeUpAnew(int snapshot, long number, String why) {
    int mode;
    long size = 0;
    if (number == Inode.ROOT || hasEntries(snapshot, number)) {
      mode = DIRECTORY_MODE;
    } else {
      int type = remains.get().typeOf(number);
      size = size(snapshot, number);
      if (size == 0 && type < 0) {
        return Optional.empty();
      }
      mode = type <= 0 ? Attributes.REGULAR : type << TYPE_SHIFT;
      mode |= mode == Attributes.DIRECTORY ? DIRECTORY_MODE : FILE_PERMISSIONS;
    }
    findings.accept(
        new Finding(
            "dirent_to_missing_inode",
            place(snapshot, number),
            "the inode "
                + why
                + "; owner, times and exact size are lost, "
                + size
                + " bytes are shown"));
    return Optional.of(Inode.make(number, snapshot, mode, size));
  }

  private VisibleKeys keys(BtreeId btree, int snapshot, long number) {
    return new VisibleKeys(
        btrees,
        snapshots,
        btree.number(),
        snapshot,
        new Bpos(number, 0, 0),
        new Bpos(number, -1, -1));
  }

  private boolean hasEntries(int snapshot, long number) {
    try (VisibleKeys keys = keys(BtreeId.DIRENTS, snapshot, number)) {
      while (keys.next()) {
        if (keys.key().type() == KeyType.DIRENT.number()) {
          return true;
        }
      }
    }
    return false;
  }

  /** Where the last extent ends, in bytes. */
  private long size(int snapshot, long number) {
    long sectors = 0;
    try (VisibleKeys keys = keys(BtreeId.EXTENTS, snapshot, number)) {
      while (keys.next()) {
        Bkey key = keys.key();
        boolean promised = key.type() == KeyType.RESERVATION.number();
        if (!promised && key.offset() >= 0 && key.offset() <= Long.MAX_VALUE >>> SECTOR_SHIFT) {
          sectors = key.offset();
        }
      }
    }
    return sectors << SECTOR_SHIFT;
  }
}
