// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.sb.write;

import java.lang.foreign.MemorySegment;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jbcachefs.block.BlockDevice;
import org.jbcachefs.engine.sb.DeviceSet;
import org.jbcachefs.engine.sb.SuperblockCopy;
import org.jbcachefs.engine.sb.SuperblockSearch;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.DeviceException;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.Member;
import org.jbcachefs.format.sb.MemberEditor;
import org.jbcachefs.format.sb.MembersSection;
import org.jbcachefs.format.sb.RawSection;
import org.jbcachefs.format.sb.ReplicasSection;
import org.jbcachefs.format.sb.SectionType;
import org.jbcachefs.format.sb.Superblock;
import org.jbcachefs.format.sb.SuperblockEditor;
import org.jbcachefs.format.sb.SuperblockFlag;
import org.jbcachefs.format.tables.DataType;
import org.jbcachefs.format.tables.Feature;
import org.jbcachefs.format.tables.MemberError;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.PersistentCounter;

/**
 * The superblock of a filesystem that is being written to, and the one way to change it: on all
 * members, all copies, one after another. Thread-safe; a change is durable when it returns.
 *
 * <p>Whether the filesystem is clean is not for anyone to say: it follows from whether the replicas
 * section names devices with a journal. In a superblock of an older version it is a flag of its
 * own, which is left as it is.
 */
public final class SuperblockWriter {
  private final DeviceSet devices;
  private final InstantSource clock;
  private final long[] deviceSeq;
  private final List<Bytes> own = new ArrayList<>();
  private volatile Superblock current;

  /**
   * A writer for those devices' filesystem, as it was read.
   *
   * @param clock tells the time of writing
   */
  public SuperblockWriter(DeviceSet devices, InstantSource clock) {
    this.devices = devices;
    this.clock = clock;
    this.current = devices.superblock();
    this.deviceSeq = new long[devices.size()];
    for (int index = 0; index < devices.size(); index++) {
      Superblock superblock = devices.superblockOf(index);
      own.add(superblock == null ? null : Bytes.copyOf(superblock.raw()));
      deviceSeq[index] = superblock == null ? 0 : superblock.seq();
    }
  }

  /** The superblock as it was written last. */
  public Superblock current() {
    return current;
  }

  /** A change to what all members share, and one to what is a device's own. */
  public interface Change {
    void apply(SuperblockEditor editor);

    /** Changes sections that each device has for itself. */
    default void applyTo(int device, SuperblockEditor editor) {}
  }

  /**
   * Changes the superblock and writes it.
   *
   * @throws RefusedException if someone else wrote a newer one meanwhile
   */
  public synchronized void update(Change change) {
    long seq = current.seq() + 1;
    SuperblockEditor editor = new SuperblockEditor(current);
    change.apply(editor);
    Superblock shared = finish(editor, seq);
    List<Superblock> copies = new ArrayList<>();
    for (int index = 0; index < devices.size(); index++) {
      copies.add(isWritten(index) ? copyFor(index, shared, change) : null);
    }
    refuseIfChanged();
    writeAll(copies);
    for (int index = 0; index < copies.size(); index++) {
      // A device that failed may have it all the same.
      if (copies.get(index) != null) {
        own.set(index, Bytes.copyOf(copies.get(index).raw()));
        deviceSeq[index] = seq;
      }
    }
    current = shared;
    devices.activity().count(PersistentCounter.WRITE_SUPER);
  }

  private boolean isWritten(int index) {
    return devices.device(index) != null && !devices.health().isStopped(index);
  }

  /** The superblock that the device has. */
  public synchronized Superblock of(int device) {
    return Superblock.parse(own.get(device).segment(), Place.NOWHERE);
  }

  /** Changes one member in the shared superblock; for use inside of a {@link Change}. */
  public SuperblockEditor member(
      SuperblockEditor editor, int index, UnaryOperator<MemberEditor> change) {
    MembersSection section = members(snapshot(editor));
    List<Member> members = new ArrayList<>(section.members());
    members.set(index, change.apply(new MemberEditor(members.get(index))).build());
    return editor.section(with(section, members));
  }

  private static Superblock snapshot(SuperblockEditor editor) {
    return editor.toSuperblock(Place.NOWHERE);
  }

  private static MembersSection members(Superblock superblock) {
    RawSection section = superblock.section(SectionType.MEMBERS_V2).orElseThrow();
    return (MembersSection) superblock.decode(section);
  }

  private static MembersSection with(MembersSection section, List<Member> members) {
    // Older versions wrote shorter entries and newer ones longer; all are made as long as the
    // longest.
    int bytes = members.stream().mapToInt(member -> member.bytes().length()).max().orElseThrow();
    List<Member> even = new ArrayList<>();
    for (Member member : members) {
      Bytes stored = member.bytes().resized(bytes);
      even.add(new Member(member.index(), stored, stored));
    }
    return new MembersSection(section.type(), bytes, section.pad(), even, section.tail());
  }

  /** What every write does besides what it is for. */
  private Superblock finish(SuperblockEditor editor, long seq) {
    editor.magic(Superblock.MAGIC).seq(seq);
    editor.writeTime(clock.instant().getEpochSecond());
    Superblock changed = snapshot(editor);
    boolean ofThisVersion = changed.version() == MetadataVersion.writtenAs(changed.version());
    if (ofThisVersion) {
      ALWAYS.forEach(editor::feature);
      editor.flag(SuperblockFlag.CLEAN, hasJournal(changed) ? 0 : 1);
    }
    MembersSection section = members(changed);
    List<Member> members = new ArrayList<>();
    for (Member member : section.members()) {
      members.add(isWritten(member.index()) ? withErrors(member, seq) : member);
    }
    editor.section(with(section, members));
    StoredCounters.update(editor, devices);
    if (changed.versionIncompat() > MetadataVersion.EXTENT_FLAGS.number()) {
      editor.remove(SectionType.MEMBERS_V1);
    } else {
      editor.section(membersV1(members));
    }
    if (ofThisVersion) {
      DowngradeEntries.refresh(editor, changed);
    }
    return snapshot(editor);
  }

  /** What failed on a device since the superblock was written last is counted in its member. */
  private Member withErrors(Member member, long seq) {
    MemberEditor editor = new MemberEditor(member).seq(seq);
    for (MemberError kind : MemberError.values()) {
      long count = devices.health().takeErrors(member.index(), kind);
      if (count != 0) {
        editor.errors(kind, member.errors(kind) + count);
      }
    }
    return editor.build();
  }

  private static boolean hasJournal(Superblock superblock) {
    return superblock.replicas().entries().stream()
        .anyMatch(entry -> entry.dataType() == DataType.JOURNAL.number());
  }

  /** What every filesystem that a current implementation writes to has. */
  private static final List<Feature> ALWAYS =
      List.of(
          Feature.NEW_EXTENT_OVERWRITE,
          Feature.EXTENTS_ABOVE_BTREE_UPDATES,
          Feature.BTREE_UPDATES_JOURNALLED,
          Feature.ALLOC_V2,
          Feature.EXTENTS_ACROSS_BTREE_NODES);

  private static MembersSection membersV1(List<Member> members) {
    List<Member> old = new ArrayList<>();
    for (Member member : members) {
      old.add(new Member(member.index(), member.bytes().resized(Member.V1_BYTES), member.bytes()));
    }
    return new MembersSection(
        SectionType.MEMBERS_V1.number(), Member.V1_BYTES, Bytes.EMPTY, old, Bytes.EMPTY);
  }

  private Superblock copyFor(int index, Superblock shared, Change change) {
    Superblock before = of(index);
    SuperblockEditor editor = new SuperblockEditor(shared);
    editor.deviceIndex(index).layout(before.layout());
    for (SectionType type : SectionType.values()) {
      if (type.perDevice()) {
        editor.remove(type);
        before.section(type).ifPresent(editor::section);
      }
    }
    change.applyTo(index, editor);
    return snapshot(editor);
  }

  private void refuseIfChanged() {
    for (int index = 0; index < devices.size(); index++) {
      BlockDevice device = devices.device(index);
      if (device == null || deviceSeq[index] == 0) {
        continue;
      }
      SuperblockCopy copy = SuperblockSearch.read(device, of(index).layout().sectors().getFirst());
      if (copy.valid() && Long.compareUnsigned(copy.superblock().seq(), deviceSeq[index]) > 0) {
        throw new RefusedException(
            "superblock_modified",
            Place.device(device.name(), -1),
            "someone else wrote superblock "
                + copy.superblock().seq()
                + " while this one is at "
                + deviceSeq[index]);
      }
    }
  }

  /**
   * The first copies of all devices, made durable, before the others.
   *
   * @throws DeviceException if those that took it are too few to read the filesystem by
   */
  private void writeAll(List<Superblock> copies) {
    boolean wrote = true;
    boolean[] written = new boolean[copies.size()];
    DeviceException failure = null;
    for (int round = 0; wrote; round++) {
      wrote = false;
      boolean[] now = new boolean[copies.size()];
      for (int index = 0; index < copies.size(); index++) {
        Superblock copy = copies.get(index);
        if (copy != null && round < copy.layout().sectors().size()) {
          wrote = true;
          try {
            write(index, copy, copy.layout().sectors().get(round));
            now[index] = true;
          } catch (DeviceException e) {
            failure = e;
          }
        }
      }
      for (int index = 0; wrote && index < copies.size(); index++) {
        if (now[index]) {
          try {
            devices.flush(index);
            written[index] = true;
          } catch (DeviceException e) {
            failure = e;
          }
        }
      }
    }
    if (failure != null && !isEnough(written)) {
      throw failure;
    }
  }

  /** Whether all data that is on record can be read from those devices, with fewer copies. */
  private boolean isEnough(boolean[] written) {
    boolean any = false;
    for (boolean one : written) {
      any |= one;
    }
    for (ReplicasSection.Entry entry : current.replicas().entries()) {
      long there =
          entry.devices().stream()
              .filter(index -> index < written.length && written[index])
              .count();
      any &= there >= entry.required();
    }
    return any;
  }

  private void write(int index, Superblock copy, long sector) {
    BlockDevice device = devices.device(index);
    byte[] bytes = new SuperblockEditor(copy).offsetSector(sector).build();
    int block = Math.max(512, device.blockSize());
    byte[] padded = Arrays.copyOf(bytes, (bytes.length + block - 1) / block * block);
    if (padded.length > copy.layout().maxBytes()) {
      throw new RefusedException(
          "superblock_too_large",
          Place.device(device.name(), sector << 9),
          "the superblock has grown to "
              + bytes.length
              + " bytes, and there is room for "
              + copy.layout().maxBytes());
    }
    devices.write(index, sector, MemorySegment.ofArray(padded));
    devices.activity().wrote(DataType.SB, index, padded.length);
  }
}
