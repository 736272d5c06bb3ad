// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.reconcile;

import org.jbcachefs.format.bytes.BitRange;
import org.jbcachefs.format.extent.ExtentReconcile;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.value.InodeCursor;
import org.jbcachefs.format.value.InodeField;

/**
 * The options that say how data is to be kept: those of the filesystem, of its metadata, of a file
 * or of a shared extent. Reusable, allocates nothing when set anew, belongs to one thread. Sources:
 * {@code bch2_inode_opts_get}, {@code bch2_inode_opts_get_inode}, {@code bch2_io_opts_fixups},
 * {@code bch2_bkey_get_io_opts}.
 */
public final class IoOptions {
  private static final int DATA_REPLICAS = InodeOption.DATA_REPLICAS.number();
  private static final int DATA_CHECKSUM = InodeOption.DATA_CHECKSUM.number();
  private static final int COMPRESSION = InodeOption.COMPRESSION.number();
  private static final int ERASURE_CODE = InodeOption.ERASURE_CODE.number();
  private static final int BACKGROUND_COMPRESSION = InodeOption.BACKGROUND_COMPRESSION.number();
  private static final int FOREGROUND_TARGET = InodeOption.FOREGROUND_TARGET.number();
  private static final int BACKGROUND_TARGET = InodeOption.BACKGROUND_TARGET.number();
  private static final int PROMOTE_TARGET = InodeOption.PROMOTE_TARGET.number();
  private static final int NOCOW = InodeOption.NOCOW.number();

  /** The options that matter here, and the fields of inodes that override them. */
  private static final InodeOption[] USED = {
    InodeOption.DATA_CHECKSUM,
    InodeOption.COMPRESSION,
    InodeOption.BACKGROUND_COMPRESSION,
    InodeOption.DATA_REPLICAS,
    InodeOption.PROMOTE_TARGET,
    InodeOption.FOREGROUND_TARGET,
    InodeOption.BACKGROUND_TARGET,
    InodeOption.ERASURE_CODE,
    InodeOption.NOCOW
  };

  private static final InodeField[] FIELDS = fields();

  /** An option that extents keep a note of: where it is, and whether an inode said so. */
  private record Noted(int option, BitRange value, BitRange fromInode) {}

  private static final Noted[] NOTED = {
    new Noted(
        DATA_REPLICAS, ExtentReconcile.DATA_REPLICAS, ExtentReconcile.DATA_REPLICAS_FROM_INODE),
    new Noted(
        DATA_CHECKSUM, ExtentReconcile.DATA_CHECKSUM, ExtentReconcile.DATA_CHECKSUM_FROM_INODE),
    new Noted(ERASURE_CODE, ExtentReconcile.ERASURE_CODE, ExtentReconcile.ERASURE_CODE_FROM_INODE),
    new Noted(
        BACKGROUND_COMPRESSION,
        ExtentReconcile.BACKGROUND_COMPRESSION,
        ExtentReconcile.BACKGROUND_COMPRESSION_FROM_INODE),
    new Noted(
        BACKGROUND_TARGET,
        ExtentReconcile.BACKGROUND_TARGET,
        ExtentReconcile.BACKGROUND_TARGET_FROM_INODE),
    new Noted(
        PROMOTE_TARGET, ExtentReconcile.PROMOTE_TARGET, ExtentReconcile.PROMOTE_TARGET_FROM_INODE)
  };

  /** Numbers of checksum options; more are of newer versions. */
  private static final int CHECKSUM_OPTIONS = 4;

  /** Numbers of compression options without their level; more are of newer versions. */
  private static final int COMPRESSION_OPTIONS = 4;

  private static final int COMPRESSION_TYPE_MASK = 0xf;
  private static final int MOST_REPLICAS_IN_STRIPES = 3;

  private final int[] filesystem = new int[InodeOption.values().length];
  private final int metadataTarget;
  private final int metadataReplicas;
  private final int metadataChecksum;
  private final int[] values = new int[filesystem.length];
  private int fromInode;

  /** The filesystem's own options, for file data. */
  public IoOptions(Superblock superblock) {
    for (InodeOption option : USED) {
      filesystem[option.number()] = (int) superblock.option(option.option()).orElse(0);
    }
    metadataTarget = (int) superblock.option(FilesystemOption.METADATA_TARGET).orElse(0);
    metadataReplicas = (int) superblock.option(FilesystemOption.METADATA_REPLICAS).orElse(1);
    metadataChecksum = (int) superblock.option(FilesystemOption.METADATA_CHECKSUM).orElse(0);
    ofFilesystem();
  }

  /** The same filesystem's, to be set on its own. */
  public IoOptions(IoOptions other) {
    System.arraycopy(other.filesystem, 0, filesystem, 0, filesystem.length);
    metadataTarget = other.metadataTarget;
    metadataReplicas = other.metadataReplicas;
    metadataChecksum = other.metadataChecksum;
    ofFilesystem();
  }

  private static InodeField[] fields() {
    InodeField[] fields = new InodeField[InodeOption.values().length];
    for (InodeOption option : USED) {
      fields[option.number()] = InodeField.valueOf(option.name());
    }
    return fields;
  }

  /** File data of which no inode says anything. */
  public IoOptions ofFilesystem() {
    plain();
    fixUp();
    return this;
  }

  private void plain() {
    System.arraycopy(filesystem, 0, values, 0, values.length);
    fromInode = 0;
  }

  /** Nodes of btrees. */
  public IoOptions ofMetadata() {
    plain();
    values[BACKGROUND_TARGET] = metadataTarget != 0 ? metadataTarget : values[FOREGROUND_TARGET];
    values[DATA_REPLICAS] = metadataReplicas;
    values[DATA_CHECKSUM] = metadataChecksum;
    values[COMPRESSION] = 0;
    values[BACKGROUND_COMPRESSION] = 0;
    values[ERASURE_CODE] = 0;
    return this;
  }

  /** The data of that inode. */
  public IoOptions ofInode(InodeCursor inode) {
    plain();
    for (InodeOption option : USED) {
      int index = option.number();
      long own = inode.get(FIELDS[index]);
      if (own != 0) {
        set(index, (int) own - 1, true);
      }
    }
    fallBack(DATA_CHECKSUM, values[DATA_CHECKSUM] < CHECKSUM_OPTIONS);
    fallBack(COMPRESSION, isCompression(values[COMPRESSION]));
    fallBack(BACKGROUND_COMPRESSION, isCompression(values[BACKGROUND_COMPRESSION]));
    fixUp();
    return this;
  }

  private void set(int option, int value, boolean own) {
    values[option] = value;
    fromInode = own ? fromInode | 1 << option : fromInode & ~(1 << option);
  }

  /** What newer versions may have written stands for the filesystem's option. */
  private void fallBack(int option, boolean known) {
    if (!known) {
      set(option, filesystem[option], false);
    }
  }

  private static boolean isCompression(int value) {
    int type = value & COMPRESSION_TYPE_MASK;
    return type < COMPRESSION_OPTIONS && (type != 0 || value == 0);
  }

  /**
   * A shared extent: what it noted of the inodes that wrote it.
   *
   * @param note its reconcile entry; 0 for none
   */
  public IoOptions ofShared(long note) {
    ofFilesystem();
    if (note == 0) {
      return this;
    }
    for (Noted one : NOTED) {
      boolean own = one.fromInode().isSet(note);
      set(one.option(), own ? one.value().getInt(note) : values[one.option()], own);
    }
    fixUp();
    return this;
  }

  private void fixUp() {
    if (values[BACKGROUND_TARGET] == 0) {
      values[BACKGROUND_TARGET] = values[FOREGROUND_TARGET];
    }
    if (values[BACKGROUND_COMPRESSION] == 0) {
      values[BACKGROUND_COMPRESSION] = values[COMPRESSION];
    }
    if (values[DATA_REPLICAS] == 1) {
      values[ERASURE_CODE] = 0;
    }
    if (values[NOCOW] != 0) {
      values[COMPRESSION] = 0;
      values[BACKGROUND_COMPRESSION] = 0;
      values[DATA_CHECKSUM] = 0;
      values[ERASURE_CODE] = 0;
    }
    if (values[ERASURE_CODE] != 0) {
      values[DATA_REPLICAS] = Math.min(values[DATA_REPLICAS], MOST_REPLICAS_IN_STRIPES);
    }
  }

  /** Takes over what another one says. */
  public IoOptions set(IoOptions other) {
    System.arraycopy(other.values, 0, values, 0, values.length);
    fromInode = other.fromInode;
    return this;
  }

  public boolean nocow() {
    return values[NOCOW] != 0;
  }

  /** A reconcile entry that notes these options, and asks for nothing. */
  long note() {
    long word = 0;
    for (Noted one : NOTED) {
      word = one.value().set(word, values[one.option()] & one.value().max());
      word = one.fromInode().set(word, fromInode >>> one.option() & 1);
    }
    return word;
  }

  /** Whether a reconcile entry notes that an inode had options of its own. */
  static boolean notesInode(long note) {
    for (Noted one : NOTED) {
      if (one.fromInode().isSet(note)) {
        return true;
      }
    }
    return false;
  }
}
