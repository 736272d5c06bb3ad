// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.engine.btree.Btrees;
import org.jbcachefs.engine.btree.KeyIterator;
import org.jbcachefs.engine.btree.live.LiveNode;
import org.jbcachefs.engine.check.CheckOptions;
import org.jbcachefs.engine.recovery.FilesystemFormat;
import org.jbcachefs.engine.recovery.FormatOptions;
import org.jbcachefs.engine.recovery.KeySource;
import org.jbcachefs.engine.recovery.StripAlloc;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.recovery.WriteOptions;
import org.jbcachefs.engine.repair.alloc.SpaceRebuild;
import org.jbcachefs.engine.sb.DeviceSetAssembly;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.write.SuperblockWriter;
import org.jbcachefs.format.bkey.Bpos;
import org.jbcachefs.format.bkey.BtreeId;
import org.jbcachefs.format.crypto.FilesystemKey;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.node.BtreePointer;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.value.AllocV4;
import org.jbcachefs.format.value.Backpointer;

/**
 * An image that is being made or changed. What is to be in it is put into {@link #filesystem}; then
 * {@link #finish} makes it an image. Without that {@link #close} leaves a new image unusable, and
 * one that was to be updated as it was, but for its length. Not thread-safe. Source: {@code
 * bcachefs image}.
 */
public final class ImageSession implements AutoCloseable {
  static final int IMAGE = 0;
  static final int TEMPORARY = 1;

  /** Data goes into the image, everything else to the temporary member, until the end. */
  public static final int IMAGE_HOLDS = 1 << DataType.USER.number() | 1 << DataType.BTREE.number();

  public static final int TEMPORARY_HOLDS =
      1 << DataType.JOURNAL.number() | 1 << DataType.BTREE.number();

  private static final int ROUNDS_MOST = 64;
  private static final int PAGE = 4096;

  /** From there on versions are written that differ in what is kept about space alone. */
  private static final int OLDEST = MetadataVersion.INODE_HAS_CASE_INSENSITIVE.number();

  private final BlockDevice image;

  /** What the finished image says. */
  private final int version;

  private final WriteOptions options;
  private final Placement placement;
  private final WritableFilesystem filesystem;

  /** Where nodes may be put. */
  private static final class Placement {
    private volatile boolean last;

    boolean allows(int btree, int device) {
      boolean stays = last && !StripAlloc.strips(btree);
      return device == (stays ? IMAGE : TEMPORARY);
    }
  }

  private ImageSession(
      BlockDevice image,
      int version,
      WriteOptions options,
      Placement placement,
      WritableFilesystem filesystem) {
    this.image = image;
    this.version = version;
    this.options = options;
    this.placement = placement;
    this.filesystem = filesystem;
  }

  /**
   * Makes a new one, empty.
   *
   * @param plan its members are the image, which holds what {@link #IMAGE_HOLDS} says, and the
   *     temporary one, which holds what {@link #TEMPORARY_HOLDS} says; both belong to the caller
   */
  public static ImageSession create(
      FormatOptions plan, Optional<FilesystemKey> key, WriteOptions options) {
    BlockDevice image = plan.members().get(IMAGE).device();
    Placement placement = new Placement();
    WriteOptions write = options.withPlacement(placement::allows);
    WritableFilesystem made = FilesystemFormat.create(lent(plan).withoutCopyAtEnd(), key, write);
    return new ImageSession(image, plan.versionAllowed(), options, placement, made);
  }

  private static FormatOptions lent(FormatOptions plan) {
    List<FormatOptions.MemberFormat> members = new ArrayList<>();
    plan.members().forEach(member -> members.add(member.on(new LentDevice(member.device()))));
    return plan.withMembers(members);
  }

  /**
   * Opens one to be changed.
   *
   * @param image larger than it was by the room that is to be used
   * @param temporary to be overwritten; both belong to the caller
   * @throws RefusedException if it is no image that this version changes
   */
  public static ImageSession update(
      BlockDevice image, BlockDevice temporary, WriteOptions options) {
    Superblock before = SuperblockSearch.find(image).require();
    check(before);
    SuperblockLayout layout = before.layout();
    long end = (layout.sectors().getLast() << 9) + layout.maxBytes();
    HeldSuperblocks held = new HeldSuperblocks(image, Math.ceilDiv(end, PAGE) * PAGE);
    ImageSuperblocks superblocks = new ImageSuperblocks(before, options.random());
    FilesystemFormat.writeCopies(held, superblocks.ofImage(held.size(), temporary.size()));
    FilesystemFormat.writeCopies(temporary, superblocks.ofTemporary(held.size(), temporary.size()));
    Placement placement = new Placement();
    WritableFilesystem opened =
        WritableFilesystem.openWithoutSpace(
            List.of(new LentDevice(held), new LentDevice(temporary)),
            options.withPlacement(placement::allows));
    boolean done = false;
    try {
      rebuildSpace(opened);
      // What the image showed before must stay there until the end.
      opened.repair().keepEmptied(device -> device == IMAGE);
      ImageSession session = new ImageSession(held, before.version(), options, placement, opened);
      done = true;
      return session;
    } finally {
      if (!done) {
        opened.abandon();
      }
    }
  }

  private static void rebuildSpace(WritableFilesystem opened) {
    CheckOptions limits = CheckOptions.defaults();
    new SpaceRebuild(opened, limits.memoryBytes(), limits.spill()).run();
  }

  /**
   * Refuses what is no image.
   *
   * @throws RefusedException by name, if it cannot be updated
   */
  public static void check(Superblock superblock) {
    if (!superblock.has(Feature.SMALL_IMAGE) || superblock.members().size() != 1) {
      throw refused(superblock, "no_image", "not an image as 'image create' makes them");
    }
    int current = MetadataVersion.writtenAs(superblock.version());
    if (superblock.version() != current && !isOurOlder(superblock)) {
      throw refused(
          superblock,
          "wrong_version",
          "images of version "
              + MetadataVersion.describe(superblock.version())
              + " are only read; expected "
              + MetadataVersion.describe(current)
              + ", or one made by an implementation of that version");
    }
    if (!superblock.clean() || superblock.cleanSection().isEmpty()) {
      throw refused(superblock, "not_clean", "it was not ended cleanly; make it anew");
    }
  }

  /** Whether it was made for older implementations by one that knows all that this one does. */
  private static boolean isOurOlder(Superblock superblock) {
    return superblock.version() >= OLDEST
        && superblock.version() < MetadataVersion.CURRENT.number()
        && superblock.has(Feature.NO_ALLOC_INFO)
        && superblock.section(SectionType.EXTENT_TYPE_U64S).isPresent();
  }

  private static RefusedException refused(Superblock superblock, String reason, String why) {
    return new RefusedException(reason, superblock.place(), why);
  }

  /** What the image is to hold. */
  public WritableFilesystem filesystem() {
    return filesystem;
  }

  /**
   * Puts metadata behind the data, forgets the temporary member, and writes the image's superblock.
   *
   * <p>One that was made for an older version, or was of one, says that version: implementations of
   * it need to run nothing before they mount it. What is kept about space is of this version's
   * form, so that an image that has that says this version.
   *
   * @param keepAlloc whether the image has a journal and what is kept about space, so that whoever
   *     mounts it for writing need not make that anew
   * @return the image's length in bytes, to which it can be cut
   */
  public long finish(boolean keepAlloc) {
    new NamedInodes(filesystem).run();
    filesystem.sync();
    placement.last = true;
    moveNodes();
    filesystem.close();
    // Its btrees can still be read: the devices are only lent to it.
    Btrees btrees = filesystem.btrees();
    requireAllMoved(btrees);
    long used = used(btrees, IMAGE);
    SuperblockWriter superblock = imageAlone();
    if (keepAlloc) {
      used = addSpace(superblock, used, 2L * usedBuckets(btrees, TEMPORARY).size());
      superblock = imageAlone();
    }
    long buckets = Math.max(used, Member.MIN_BUCKETS);
    superblock.update(new ImageSuperblocks.Last(superblock, buckets, version, keepAlloc));
    Superblock done = superblock.current();
    if (image instanceof HeldSuperblocks held) {
      long first = done.layout().sectors().getFirst() << 9;
      held.commit(first, first + done.layout().maxBytes());
    }
    return (buckets * done.members().get(IMAGE).bucketSectors()) << 9;
  }

  private SuperblockWriter imageAlone() {
    return new SuperblockWriter(
        DeviceSetAssembly.assemble(List.of(new LentDevice(image))), options.clock());
  }

  /** Nodes of one level after another: a node that is written anew changes its parent. */
  private void moveNodes() {
    boolean moved = true;
    for (int round = 0; moved && round < ROUNDS_MOST; round++) {
      moved = false;
      for (BtreeId btree : BtreeId.values()) {
        LiveNode root = filesystem.repair().root(btree.number());
        if (root != null && !StripAlloc.strips(btree.number())) {
          moved |= moveNodes(btree.number(), root);
        }
      }
      filesystem.tick();
    }
  }

  private boolean moveNodes(int btree, LiveNode root) {
    boolean moved = false;
    for (int level = 0; level < root.level(); level++) {
      for (Bpos pos : misplaced(btree, level)) {
        filesystem.repair().rewrite(btree, level, pos);
        moved = true;
      }
    }
    LiveNode now = filesystem.repair().root(btree);
    if (now.pointer() != null && isMisplaced(now.pointer())) {
      filesystem.repair().rewrite(btree, now.level(), Bpos.MAX);
      moved = true;
    }
    return moved;
  }

  private List<Bpos> misplaced(int btree, int level) {
    List<Bpos> found = new ArrayList<>();
    try (KeyIterator nodes = filesystem.btrees().iterate(btree, level + 1, Bpos.MIN, Bpos.MAX)) {
      while (nodes.next()) {
        if (isMisplaced(BtreePointer.parse(btree, level, nodes.key(), Place.NOWHERE))) {
          found.add(nodes.key().pos());
        }
      }
    }
    return found;
  }

  private static boolean isMisplaced(BtreePointer pointer) {
    return pointer.replicas().stream().anyMatch(copy -> copy.device() != IMAGE);
  }

  private static void requireAllMoved(Btrees btrees) {
    try (KeyIterator buckets =
        btrees.iterate(
            BtreeId.BACKPOINTERS.number(), Bpos.of(TEMPORARY, 0), new Bpos(TEMPORARY, -1, -1))) {
      while (buckets.next()) {
        int btree = Backpointer.decode(buckets.key()).btree();
        if (!StripAlloc.strips(btree)) {
          throw new CorruptionException(
              "image_node_left",
              Place.structure("btree " + BtreeId.nameOf(btree)),
              "a node is not in the image");
        }
      }
    }
  }

  /** One more than the last bucket of a member that holds anything. */
  private static long used(Btrees btrees, int device) {
    List<Long> buckets = usedBuckets(btrees, device);
    return buckets.isEmpty() ? 0 : buckets.getLast() + 1;
  }

  private static List<Long> usedBuckets(Btrees btrees, int device) {
    List<Long> found = new ArrayList<>();
    try (KeyIterator buckets =
        btrees.iterate(BtreeId.ALLOC.number(), Bpos.of(device, 0), new Bpos(device, -1, -1))) {
      while (buckets.next()) {
        int type = AllocV4.of(buckets.key()).dataType();
        if (type != DataType.FREE.number() && type != DataType.NEED_DISCARD.number()) {
          found.add(buckets.key().offset());
        }
      }
    }
    return found;
  }

  /** Gives the image alone a journal and all that is kept about space. */
  private long addSpace(SuperblockWriter superblock, long used, long room) {
    long buckets = Math.max(used + ImageSuperblocks.JOURNAL_BUCKETS + room, Member.MIN_BUCKETS);
    superblock.update(new ImageSuperblocks.WithSpace(superblock, used, buckets));
    WriteOptions open =
        filesystem
            .key()
            .map(key -> options.withOpen(options.open().withKeySource(KeySource.of(key))))
            .orElse(options);
    try (WritableFilesystem alone =
        WritableFilesystem.openWithoutSpace(List.of(new LentDevice(image)), open)) {
      rebuildSpace(alone);
    }
    return buckets;
  }

  @Override
  public void close() {
    filesystem.abandon();
  }
}
