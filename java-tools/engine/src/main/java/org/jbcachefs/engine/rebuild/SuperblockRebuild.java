// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.rebuild;

import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.block.LentDevice;
import org.jbcachefs.engine.btree.NodeScan;
import org.jbcachefs.engine.check.CheckPasses;
import org.jbcachefs.engine.journal.BtreeRoot;
import org.jbcachefs.engine.journal.JournalListing;
import org.jbcachefs.engine.recovery.OpenOptions;
import org.jbcachefs.engine.recovery.ReadFilesystem;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.JournalBucketSearch;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.engine.sb.write.ReplicasEntries;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.extent.ExtentEntries;
import org.jbcachefs.format.extent.ExtentEntrySizes;
import org.jbcachefs.format.sb.BlacklistSection;
import org.jbcachefs.format.sb.ExtentTypesSection;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MemberEditor;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.sb.SuperblockLayout;
import org.jbcachefs.format.tables.CompatFeature;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.FilesystemOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.RecoveryPass;

/**
 * Makes up superblocks for devices that have lost all of theirs, from what is on them; see the
 * package. Belongs to one thread.
 */
public final class SuperblockRebuild {
  private static final long NANOS = 1_000_000_000L;

  /** Of the superblock, and of what it says of each member: none is older than another. */
  private static final long SEQ = 1;

  private static final int SECTOR = 512;

  private static final long DATA_ALLOWED =
      1L << DataType.JOURNAL.number()
          | 1L << DataType.BTREE.number()
          | 1L << DataType.USER.number();

  private static final List<Feature> FEATURES =
      List.of(
          Feature.NEW_SIPHASH,
          Feature.INLINE_DATA,
          Feature.NEW_EXTENT_OVERWRITE,
          Feature.BTREE_PTR_V2,
          Feature.EXTENTS_ABOVE_BTREE_UPDATES,
          Feature.BTREE_UPDATES_JOURNALLED,
          Feature.REFLINK_INLINE_DATA,
          Feature.NEW_VARINT,
          Feature.JOURNAL_NO_FLUSH,
          Feature.ALLOC_V2,
          Feature.EXTENTS_ACROSS_BTREE_NODES);

  private final DeviceSet devices;
  private final Superblock rough;

  /** When it is made: written at different times, the superblocks would contradict each other. */
  private final long nowSeconds;

  private final List<String> found = new ArrayList<>();
  private final List<String> assumed = new ArrayList<>();

  private final BackpointerEvidence backpointers;
  private final SpaceEvidence space;
  private final DataEvidence data;
  private final JournalEvidence journal;
  private final int nodeCopies;

  /** Nothing is kept about space, and there is no journal. */
  private final boolean image;

  /** Null if the journal has them. */
  private final ScannedRoots roots;

  private SuperblockRebuild(ReadFilesystem filesystem, int threads, InstantSource clock) {
    this.devices = filesystem.devices();
    this.rough = devices.superblock();
    this.nowSeconds = clock.instant().getEpochSecond();
    // Without roots this looks for nodes; what follows finds all btrees then.
    filesystem.btrees().present();
    this.backpointers = new BackpointerEvidence(filesystem.btrees());
    this.space = new SpaceEvidence(filesystem.btrees(), devices.size(), rough.version());
    this.data = new DataEvidence(filesystem.btrees());
    try (JournalListing listing = new JournalListing(devices, null, threads)) {
      this.journal = new JournalEvidence(listing);
    }
    this.nodeCopies = nodeCopies(filesystem.journal().roots());
    this.roots =
        filesystem.journal().roots().isEmpty()
            ? new ScannedRoots(
                new NodeScan(devices, filesystem.nodes().context(), threads, _ -> {}).run())
            : null;
    this.image = roots != null && devices.size() == 1 && space.isEmpty();
  }

  private static int nodeCopies(List<BtreeRoot> roots) {
    ExtentEntries entries = new ExtentEntries();
    int most = 1;
    for (BtreeRoot root : roots) {
      int copies = 0;
      if (root.key() != null) {
        entries.of(root.key(), ExtentEntrySizes.KNOWN);
        while (entries.nextPtr()) {
          copies++;
        }
      }
      most = Math.max(most, copies);
    }
    return most;
  }

  /**
   * Superblocks for those devices, which must be all that are left of one filesystem. The devices
   * are only read, and stay open.
   *
   * @param findings told what is wrong while looking at them; called by any thread
   * @throws RefusedException "no_superblock" if there is too little on them, or
   *     "encrypted_without_superblock": the key is lost with the superblocks; "has_superblock" if
   *     one of them has a copy after all
   */
  public static RebuiltSuperblocks of(
      List<BlockDevice> devices, int threads, InstantSource clock, Consumer<Finding> findings) {
    OpenOptions options =
        OpenOptions.defaults()
            .withRescue(true)
            .withThreads(threads)
            .withFindings(finding -> {
              if (!finding.name().equals("superblock_made_up")) {
                findings.accept(finding);
              }
            });
    Map<BlockDevice, BlockDevice> lent = new HashMap<>();
    List<BlockDevice> opened = new ArrayList<>();
    for (BlockDevice device : devices) {
      refuseOneThatHasOne(device);
      opened.add(new LentDevice(device));
      lent.put(opened.getLast(), device);
    }
    try (ReadFilesystem filesystem = ReadFilesystem.open(opened, options)) {
      return new SuperblockRebuild(filesystem, threads, clock).run(lent);
    }
  }

  private static void refuseOneThatHasOne(BlockDevice device) {
    if (SuperblockSearch.findThoroughly(device).newest().isPresent()) {
      throw new RefusedException(
          "has_superblock",
          Place.device(device.name(), -1),
          "there is a copy of its superblock; recover-super without -f takes it, and with -s"
              + " makes another member's of it");
    }
  }

  private RebuiltSuperblocks run(Map<BlockDevice, BlockDevice> lent) {
    sayWhatIsKnown();
    List<Member> members = members();
    Map<BlockDevice, Superblock> superblocks = new LinkedHashMap<>();
    for (int index = 0; index < devices.size(); index++) {
      BlockDevice device = devices.device(index);
      if (device != null) {
        superblocks.put(lent.get(device), superblock(device, index, members));
      }
    }
    sayWhatIsAssumed();
    return new RebuiltSuperblocks(superblocks, found, assumed);
  }

  private int nodeSectors() {
    int told = backpointers.nodeSectors();
    boolean plausible = told >= rough.blockSectors() && Integer.bitCount(told) == 1;
    return plausible ? told : rough.btreeNodeBytes() / SECTOR;
  }

  private int version() {
    return Math.max(rough.version(), journal.version());
  }

  private boolean since(MetadataVersion version) {
    return version() >= version.number();
  }

  private int bpShift() {
    if (backpointers.shift() >= 0) {
      return backpointers.shift();
    }
    return since(MetadataVersion.NO_SB_USER_DATA_REPLICAS)
        ? 16
        : Superblock.EXTENT_BP_SHIFT_DEFAULT;
  }

  private void sayWhatIsKnown() {
    found.add("metadata version " + MetadataVersion.describe(version()));
    found.add(
        "blocks of "
            + rough.blockBytes()
            + " bytes, btree nodes of "
            + nodeSectors() * SECTOR
            + (backpointers.nodeSectors() == nodeSectors() ? "" : " (a guess by where they lie)"));
    if (image) {
      found.add("an image for reading only: no journal, and nothing on record about space");
    }
    if (roots != null) {
      found.add("no journal entry; " + roots.count() + " roots of btrees, by what they span");
    }
    if (!journal.givenUp().isEmpty()) {
      found.add("journal entries given up after crashes: " + journal.givenUp());
    }
  }

  private List<Member> members() {
    List<Member> members = new ArrayList<>();
    for (Member guess : rough.members()) {
      BlockDevice device = devices.device(guess.index());
      long buckets =
          device == null
              ? guess.nbuckets()
              : space.buckets(guess.index(), device.size() / SECTOR / guess.bucketSectors());
      members.add(
          MemberEditor.blank(guess.index())
              .uuid(uuid(guess.index() + 1L))
              .nbuckets(buckets)
              .bucketSectors(guess.bucketSectors())
              .btreeBitmap(bitmapShift(buckets * guess.bucketSectors()), -1)
              .seq(SEQ)
              .lastMount(nowSeconds)
              .flag(Member.DATA_ALLOWED, DATA_ALLOWED)
              .flag(Member.DURABILITY, 2)
              .flag(Member.FREESPACE_INITIALIZED, image ? 0 : 1)
              .flag(Member.RESIZE_ON_MOUNT, image ? 1 : 0)
              .build());
      found.add(
          "device "
              + guess.index()
              + ": "
              + (device == null
                  ? "not here; nothing is known of it"
                  : buckets + " buckets of " + guess.bucketSectors() * SECTOR + " bytes"));
    }
    return members;
  }

  /** With all bits set nodes may lie anywhere. */
  private static int bitmapShift(long sectors) {
    int shift = 0;
    while (Long.SIZE * (1L << shift) < sectors) {
      shift++;
    }
    return shift;
  }

  /** Made of the word that nodes and journal tell, so that a second run makes the same. */
  private UUID uuid(long further) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES).putLong(Long.reverseBytes(rough.magicWord()));
    long first = bytes.flip().getLong();
    return new UUID(
        first, UUID.nameUUIDFromBytes(bytes.array()).getLeastSignificantBits() ^ further);
  }

  private Superblock superblock(BlockDevice device, int index, List<Member> members) {
    SuperblockEditor editor = new SuperblockEditor();
    editor.version(version()).versionMin(rough.versionMin()).magic(Superblock.MAGIC);
    editor.internalUuid(uuid(0)).userUuid(uuid(0)).label("");
    editor
        .deviceIndex(index)
        .deviceCount(members.size())
        .blockSectors(rough.blockSectors())
        .seq(SEQ);
    editor.timeBase(timeBase(), 0, 1).writeTime(nowSeconds);
    editor.offsetSector(Superblock.SECTOR);
    features(editor);
    options(editor);
    flags(editor, members.size());
    sections(editor, device, index, members);
    Place place = Place.device(device.name(), -1).in("rebuilt superblock");
    int bytes = editor.layout(rough.layout()).toSuperblock(place).sizeBytes();
    Member member = members.get(index);
    SuperblockLayout layout =
        CopyPlaces.of(
            space, index, rough.blockSectors(), member.bucketSectors(), member.nbuckets(), bytes);
    return editor.layout(image ? layout.withoutCopyAtEnd() : layout).toSuperblock(place);
  }

  private void features(SuperblockEditor editor) {
    FEATURES.forEach(editor::feature);
    data.features().forEach(editor::feature);
    if (image) {
      editor.feature(Feature.SMALL_IMAGE).feature(Feature.NO_ALLOC_INFO);
    }
    if (since(MetadataVersion.REFLINK_P_MAY_UPDATE_OPTS)) {
      editor.feature(Feature.INCOMPAT_VERSION_FIELD);
    }
    if (!image) {
      editor.compat(CompatFeature.ALLOC_INFO).compat(CompatFeature.ALLOC_METADATA);
    }
    editor.compat(CompatFeature.EXTENTS_ABOVE_BTREE_UPDATES_DONE);
    editor.compat(CompatFeature.BFORMAT_OVERFLOW_DONE);
  }

  private void options(SuperblockEditor editor) {
    for (FilesystemOption option : FilesystemOption.values()) {
      boolean wanted = option.is(FilesystemOption.Scope.FS) && option.isOfThisVersion();
      if (wanted && SuperblockEditor.keeps(option)) {
        editor.option(option, option.defaultValue());
      }
    }
    editor.option(FilesystemOption.BLOCK_SIZE, rough.blockBytes());
    editor.option(FilesystemOption.BTREE_NODE_SIZE, (long) nodeSectors() * SECTOR);
    long largest = (long) Integer.highestOneBit(Math.max(1, 2 * data.largestExtent() - 1)) * SECTOR;
    if (largest > FilesystemOption.ENCODED_EXTENT_MAX.defaultValue()) {
      editor.option(FilesystemOption.ENCODED_EXTENT_MAX, largest);
    }
    editor.option(FilesystemOption.DATA_REPLICAS, data.copies());
    editor.option(FilesystemOption.ERASURE_CODE, data.mostIsCoded() ? 1 : 0);
    editor.option(FilesystemOption.METADATA_REPLICAS, nodeCopies);
  }

  private void flags(SuperblockEditor editor, int members) {
    editor.flag(SuperblockFlag.INITIALIZED, 1).flag(SuperblockFlag.CLEAN, roots == null ? 0 : 1);
    editor.flag(SuperblockFlag.CSUM_TYPE, 1);
    editor.flag(SuperblockFlag.META_REPLICAS_REQ, 1);
    editor.flag(SuperblockFlag.DATA_REPLICAS_REQ, 1);
    editor.flag(SuperblockFlag.VERSION_UPGRADE_COMPLETE, version());
    if (since(MetadataVersion.REFLINK_P_MAY_UPDATE_OPTS)) {
      editor.flag(SuperblockFlag.VERSION_INCOMPAT_ALLOWED, version());
      editor.flag(SuperblockFlag.VERSION_INCOMPAT, version());
    }
    editor.flag(SuperblockFlag.EXTENT_BP_SHIFT, bpShift());
    editor.flag(SuperblockFlag.MULTI_DEVICE, members > 1 ? 1 : 0);
  }

  private void sections(
      SuperblockEditor editor, BlockDevice device, int index, List<Member> members) {
    Bytes pad =
        Bytes.EMPTY.resized(MembersSection.V2_OFFSET_MEMBERS - MembersSection.V2_OFFSET_PAD);
    editor.section(
        new MembersSection(
            SectionType.MEMBERS_V2.number(), Member.BYTES, pad, members, Bytes.EMPTY));
    List<Long> buckets = journalBuckets(device, index, members.get(index));
    if (roots != null) {
      editor.section(roots.section());
    }
    if (!buckets.isEmpty()) {
      editor.section(JournalBucketSearch.section(buckets));
    }
    if (members.size() == 1) {
      ReplicasEntries.store(
          editor,
          roots == null
              ? List.of(alone(DataType.JOURNAL), alone(DataType.BTREE))
              : List.of(alone(DataType.BTREE)));
    }
    if (!journal.givenUp().isEmpty()) {
      editor.section(new BlacklistSection(journal.givenUp(), Bytes.EMPTY));
      editor.feature(Feature.JOURNAL_SEQ_BLACKLIST_V3);
    }
    if (since(MetadataVersion.SB_FIELD_EXTENT_TYPE_U64S)) {
      editor.section(ExtentTypesSection.known());
    }
    if (version() == MetadataVersion.writtenAs(version()) && !image) {
      long passes = 0;
      for (RecoveryPass pass : CheckPasses.known()) {
        passes |= pass.is(RecoveryPass.Flags.FSCK) ? 1L << pass.number() : 0;
      }
      editor.recoveryPassesRequired(passes);
    }
  }

  private static ReplicasSection.Entry alone(DataType type) {
    return new ReplicasSection.Entry(type.number(), 1, List.of(0));
  }

  /** As the filesystem has them on record; else those that begin with an entry. */
  private List<Long> journalBuckets(BlockDevice device, int index, Member member) {
    List<Long> written = JournalBucketSearch.run(device, member.bucketSectors(), rough.magicWord());
    BitSet recorded = space.journal(index);
    List<Long> all = recorded.stream().mapToObj(Long::valueOf).toList();
    boolean trusted = written.isEmpty() ? !all.isEmpty() : written.stream().anyMatch(all::contains);
    List<Long> chosen = trusted ? all : written;
    found.add("device " + index + ": " + chosen.size() + " journal buckets");
    return chosen;
  }

  private long timeBase() {
    if (journal.base() != 0) {
      return journal.base();
    }
    long seconds = journal.newestSeconds() != 0 ? journal.newestSeconds() : nowSeconds;
    return Math.max(0, seconds * NANOS - data.newestTime());
  }

  private void sayWhatIsAssumed() {
    if (journal.base() != 0) {
      assumed.add(
          "times of files are right to seconds, rather late than early: they are told by when the"
              + " journal wrote of inodes that had just been changed");
    } else if (journal.newestSeconds() != 0) {
      assumed.add("the newest change of a file was made when the newest journal entry was written");
    } else {
      assumed.add("the newest change of a file was made now: all times are off by a constant");
    }
    assumed.add("uuids of the filesystem and its devices are new, and it has no label");
    assumed.add("all options of the filesystem have their defaults (show-super shows them)");
    assumed.add(
        "devices have no labels, and store all types of data; targets of files lead nowhere");
    assumed.add("features up to version " + MetadataVersion.describe(version()) + " may be in use");
  }
}
