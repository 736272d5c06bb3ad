// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.util.OptionalLong;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;

/**
 * Sets an option of one inode, or lets it have what its directory has. What is in a directory
 * already keeps what it has. Source: {@code inode_opt_set_fn}, {@code bch2_inode_set_casefold}.
 */
final class OptionChange {
  private final TreeTransaction tree;
  private final InodeId id;
  private final Inode inode;
  private final InodeBuilder changed;

  OptionChange(TreeTransaction tree, InodeId id) {
    this.tree = tree;
    this.id = id;
    tree.writing(id.subvolume());
    this.inode = tree.inode(id);
    this.changed = new InodeBuilder(inode).set(InodeField.CTIME, tree.now());
  }

  /** Announces what an option needs; outside of a transaction. */
  static void announce(WritableFilesystem filesystem, InodeOption option) {
    if (option == InodeOption.CASEFOLD) {
      if (!filesystem.allow(MetadataVersion.CASEFOLDING)) {
        throw new PosixException(
            PosixError.EOPNOTSUPP, "the filesystem is kept for kernels that do not fold names");
      }
      filesystem.require(Feature.CASEFOLDING);
    }
  }

  /** Sets it; empty for what the directory has. */
  Inode run(InodeOption option, OptionalLong value) {
    if (inode.has(Inode.FLAG_IMMUTABLE)) {
      throw new PosixException(PosixError.EPERM, "the file is immutable");
    }
    long stored = value.isPresent() ? value.getAsLong() + 1 : inherited(option);
    if (stored < 0 || stored >= 1L << option.bits()) {
      throw new PosixException(PosixError.EINVAL, "no value for " + option);
    }
    if (option == InodeOption.CASEFOLD) {
      requireEmptyDirectory();
    }
    if (option == InodeOption.INODES_32BIT && inode.isDirectory()) {
      smallOffsets(value.orElse(0) != 0);
    }
    int set = 1 << option.number();
    long own = inode.get(InodeField.FIELDS_SET);
    changed.set(InodeField.FIELDS_SET, value.isPresent() ? own | set : own & ~(long) set);
    changed.set(InodeField.of(option), stored);
    tree.put(id, changed);
    tree.askForScan(inode, changed.build());
    if (option == InodeOption.CASEFOLD && tree.folds(changed.build())) {
      tree.tellFolding(id);
    }
    return tree.inode(id);
  }

  private long inherited(InodeOption option) {
    InodeId parent = TreeTransaction.parent(id, inode);
    return parent == null ? 0 : tree.inode(parent).stored(option);
  }

  private void requireEmptyDirectory() {
    if (!inode.isDirectory()) {
      throw new PosixException(PosixError.EINVAL, "only directories fold names");
    }
    Unlinking.requireEmpty(tree, id, inode);
  }

  /** Offsets of entries of at most 31 bits; only where there are no entries yet. */
  private void smallOffsets(boolean small) {
    boolean now = inode.has(Inode.FLAG_31BIT_DIRENT_OFFSET);
    if (small != now && tree.filesystem().allow(MetadataVersion.DIRENT_OFFSET_31BIT)) {
      Unlinking.requireEmpty(tree, id, inode);
      changed.flags(inode.flags() ^ Inode.FLAG_31BIT_DIRENT_OFFSET);
    }
  }
}
