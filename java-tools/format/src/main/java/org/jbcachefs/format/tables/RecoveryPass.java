// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.tables;

import static org.jbcachefs.format.tables.RecoveryPass.Flags.ALLOC;
import static org.jbcachefs.format.tables.RecoveryPass.Flags.ALWAYS;
import static org.jbcachefs.format.tables.RecoveryPass.Flags.FSCK;
import static org.jbcachefs.format.tables.RecoveryPass.Flags.NODEFER;
import static org.jbcachefs.format.tables.RecoveryPass.Flags.ONLINE;
import static org.jbcachefs.format.tables.RecoveryPass.Flags.SILENT;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Recovery passes in the order in which they run; the number is the stable one that superblocks
 * carry. {@link #CHECK_DAMAGE} is of version 1.39. Source: {@code BCH_RECOVERY_PASSES}.
 */
public enum RecoveryPass {
  RECOVERY_PASS_EMPTY(41, SILENT),
  SCAN_FOR_BTREE_NODES(37, 0),
  CHECK_TOPOLOGY(4, 0, "scan_for_btree_nodes"),
  ACCOUNTING_READ(39, ALWAYS, "check_topology"),
  ALLOC_READ(0, ALWAYS),
  STRIPES_READ(1, 0),
  INITIALIZE_SUBVOLUMES(2, 0),
  SNAPSHOTS_READ(3, ALWAYS),
  CHECK_ALLOCATIONS(5, FSCK | ALLOC, "check_topology"),
  TRANS_MARK_DEV_SBS(6, SILENT | ALWAYS | ALLOC),
  FS_JOURNAL_ALLOC(7, SILENT | ALWAYS | ALLOC),
  SET_MAY_GO_RW(8, SILENT | ALWAYS, "check_allocations"),
  JOURNAL_REPLAY(9, ALWAYS, "set_may_go_rw"),
  MERGE_BTREE_NODES(45, ONLINE),
  PRESPLIT_SHARD_BOUNDARIES(48, ALWAYS, "journal_replay"),
  CHECK_ALLOC_INFO(10, FSCK | ONLINE | ALLOC, "check_allocations"),
  CHECK_LRUS(11, FSCK | ONLINE | ALLOC, "check_allocations"),
  CHECK_BTREE_BACKPOINTERS(12, FSCK | ONLINE | ALLOC, "check_allocations"),
  CHECK_BACKPOINTERS_TO_EXTENTS(13, ONLINE, "check_allocations"),
  CHECK_EXTENTS_TO_BACKPOINTERS(14, FSCK | ONLINE | ALLOC, "check_allocations"),
  CHECK_ALLOC_TO_LRU_REFS(15, FSCK | ONLINE | ALLOC, "check_allocations"),
  FS_FREESPACE_INIT(16, SILENT | ALWAYS),
  BUCKET_GENS_INIT(17, 0),
  RECONSTRUCT_SNAPSHOTS(38, 0),
  DELETE_DEAD_INTERIOR_SNAPSHOTS(44, 0),
  CHECK_SNAPSHOT_TREES(18, FSCK | ONLINE, "reconstruct_snapshots"),
  CHECK_SNAPSHOTS(
      19, FSCK | ALWAYS | ONLINE | NODEFER, "reconstruct_snapshots", "check_snapshot_trees"),
  CHECK_SUBVOLS(20, FSCK | ONLINE, "check_snapshots"),
  CHECK_SUBVOL_CHILDREN(35, FSCK | ONLINE, "check_subvols"),
  DELETE_DEAD_SNAPSHOTS(21, FSCK | ONLINE, "check_snapshots"),
  FS_UPGRADE_FOR_SUBVOLUMES(22, 0),
  CHECK_INODES(24, FSCK, "check_snapshots"),
  CHECK_EXTENTS(25, FSCK, "check_inodes"),
  CHECK_INDIRECT_EXTENTS(26, FSCK | ONLINE, "check_snapshots"),
  CHECK_DIRENTS(27, FSCK, "check_inodes"),
  CHECK_XATTRS(28, FSCK, "check_inodes"),
  CHECK_DAMAGE(49, FSCK, "check_inodes"),
  CHECK_ROOT(29, FSCK | ONLINE, "check_inodes"),
  CHECK_UNREACHABLE_INODES(40, FSCK, "check_inodes", "check_dirents"),
  CHECK_SUBVOLUME_STRUCTURE(36, FSCK | ONLINE, "check_subvols", "check_inodes"),
  CHECK_DIRECTORY_STRUCTURE(30, FSCK | ONLINE, "check_unreachable_inodes"),
  CHECK_NLINKS(31, FSCK, "check_inodes", "check_dirents"),
  CHECK_RECONCILE_WORK(43, FSCK | ONLINE, "check_snapshots"),
  RESUME_LOGGED_OPS(23, ALWAYS),
  DELETE_DEAD_INODES(32, ALWAYS),
  KILL_I_GENERATION_KEYS(47, ONLINE),
  FIX_REFLINK_P(33, 0),
  SET_FS_NEEDS_RECONCILE(34, 0),
  BTREE_BITMAP_GC(46, ONLINE),
  LOOKUP_ROOT_INODE(42, SILENT | ALWAYS);

  /** When and how a pass runs. Source: the {@code PASS_*} flags. */
  public static final class Flags {
    /** Not announced. */
    public static final int SILENT = 1;

    /** Part of every fsck. */
    public static final int FSCK = 1 << 1;

    /** Runs after an unclean shutdown. */
    public static final int UNCLEAN = 1 << 2;

    /** Runs at every mount. */
    public static final int ALWAYS = 1 << 3;

    /** May run while the filesystem is mounted. */
    public static final int ONLINE = 1 << 4;

    /** Needs allocation information. */
    public static final int ALLOC = 1 << 5;

    /** Is not put off until after the mount. */
    public static final int NODEFER = 1 << 6;

    private Flags() {}
  }

  private static final RecoveryPass[] BY_NUMBER = byNumber();

  private final int number;
  private final int flags;
  private final String dependencies;

  RecoveryPass(int number, int flags, String... dependencies) {
    this.number = number;
    this.flags = flags;
    this.dependencies = String.join(" ", dependencies);
  }

  /** The stable number. */
  public int number() {
    return number;
  }

  /** Bits of {@link Flags}. */
  public int flags() {
    return flags;
  }

  public boolean is(int flag) {
    return (flags & flag) != 0;
  }

  /** Passes that must have run before this one can be trusted. */
  public List<RecoveryPass> dependencies() {
    return dependencies.isEmpty()
        ? List.of()
        : Arrays.stream(dependencies.split(" ")).map(RecoveryPass::of).toList();
  }

  /** The pass with that stable number, or null for one that is not known. */
  public static RecoveryPass of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }

  /** The pass of that name. */
  public static RecoveryPass of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** Passes whose stable numbers are set in a word, in the order in which they run. */
  public static List<RecoveryPass> inWord(long word) {
    return Arrays.stream(values()).filter(pass -> (word >>> pass.number & 1) != 0).toList();
  }

  private static RecoveryPass[] byNumber() {
    RecoveryPass[] passes = new RecoveryPass[values().length];
    for (RecoveryPass pass : values()) {
      passes[pass.number] = pass;
    }
    return passes;
  }

  /** The format's own name, in lower case. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
