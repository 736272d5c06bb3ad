// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jbcachefs.engine.commit.Committer;
import org.jbcachefs.engine.data.ExtentReader;
import org.jbcachefs.engine.data.FileDataReader;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.FilesystemDefaults;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.Inodes;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.engine.fs.NamespaceReader;
import org.jbcachefs.engine.fs.XattrName;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.engine.rules.WriteRule;
import org.jbcachefs.engine.snapshots.SnapshotTable;
import org.jbcachefs.engine.snapshots.SubvolumeTable;
import org.jbcachefs.format.error.Finding;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;
import org.jbcachefs.format.tables.InodeOption;
import org.jbcachefs.format.tables.MetadataVersion;
import org.jbcachefs.format.tables.PersistentCounter;
import org.jbcachefs.format.value.Inode;
import org.jbcachefs.format.value.InodeBuilder;
import org.jbcachefs.format.value.InodeField;
import org.jbcachefs.format.value.Subvolume;

/**
 * Files and directories of a filesystem that is open for writing. Thread-safe; operations of
 * different threads run side by side.
 *
 * <p>Each change is one transaction: it happens as a whole or not at all, and everybody sees it
 * when the call returns. It is durable after {@link #sync(InodeId)} of a file that it changed (for
 * names: of the directory), or {@link #syncAll}.
 *
 * <p>Files that somebody uses beyond one call are {@link #hold held}: one that loses its last name
 * stays until it is {@link #release released}.
 */
public final class WritableTree implements AutoCloseable {
  private final WritableFilesystem filesystem;
  private final FilesystemDefaults defaults;
  private final ExtentReader extents;
  private final InodeRemoval removal;
  private final HeldInodes held = new HeldInodes();
  private final InodeLocks locks = new InodeLocks();
  private final FileContents contents;
  private final DeadSnapshots dead;
  private final AccessTimes accessTimes;
  private final Quotas quotas;
  private volatile Readers readers;

  /** What reads, as of some state of snapshots and subvolumes. */
  private record Readers(
      SnapshotTable snapshots,
      SubvolumeTable subvolumes,
      Inodes inodes,
      FileData data,
      FileData stored,
      Namespace namespace) {}

  /**
   * The tree of a filesystem. What a crash left undone is done first: operations that were under
   * way, and inodes without a name.
   *
   * @param findings told of copies of data that failed where another one did not
   */
  public WritableTree(
      WritableFilesystem filesystem, java.util.function.Consumer<Finding> findings) {
    this.filesystem = filesystem;
    this.defaults = filesystem.defaults();
    this.extents =
        new ExtentReader(
            filesystem.devices(),
            filesystem.btrees(),
            filesystem.key().orElse(null),
            findings,
            filesystem.readErrors(),
            filesystem.partialReads());
    this.removal = new InodeRemoval(filesystem);
    this.accessTimes = new AccessTimes(filesystem);
    this.contents =
        new FileContents(
            filesystem, id -> inode(readers(), id), this::fileId, this::readStored, locks);
    new UnfinishedOps(filesystem, contents).finish();
    removal.removeAll();
    this.dead = new DeadSnapshots(filesystem);
    this.quotas = new Quotas(filesystem);
    deleteUnlinked();
    quotas.begin();
  }

  /** Subvolumes that lost their name and were not deleted. */
  private void deleteUnlinked() {
    filesystem
        .subvolumes()
        .all()
        .forEach((id, subvolume) -> {
          boolean begun =
              subvolume.tombstone() && filesystem.since(MetadataVersion.PER_DEV_FRAGMENTATION_LRU);
          if (subvolume.unlinked() && !begun) {
            transact(
                "subvolume_delete",
                tree -> {
                  new Subvolumes(tree).delete(id);
                  return null;
                });
          }
        });
  }

  private Readers readers() {
    SnapshotTable snapshots = filesystem.snapshots();
    SubvolumeTable subvolumes = filesystem.subvolumes();
    Readers known = readers;
    if (known == null || known.snapshots != snapshots || known.subvolumes != subvolumes) {
      Inodes inodes = new Inodes(filesystem.btrees(), snapshots);
      FileData data = data(snapshots, inodes, file -> inodes.get(file).size());
      FileData stored = data(snapshots, inodes, _ -> Long.MAX_VALUE);
      Namespace namespace =
          new NamespaceReader(filesystem.btrees(), snapshots, subvolumes, data, defaults);
      known = new Readers(snapshots, subvolumes, inodes, data, stored, namespace);
      readers = known;
    }
    return known;
  }

  private FileData data(SnapshotTable snapshots, Inodes inodes, ToLongFunction<FileId> sizes) {
    return new FileDataReader(
        filesystem.btrees(),
        snapshots,
        extents,
        sizes,
        filesystem.reading(),
        filesystem.reads(file -> inodes.get(file)));
  }

  /** The namespace as it is at the moment: hand over what {@link #fileId} says now. */
  public Namespace namespace() {
    return readers().namespace;
  }

  /** The contents of files as they are at the moment: hand over what {@link #fileId} says now. */
  public FileData data() {
    return readers().data;
  }

  /** The snapshot that a subvolume has at the moment; 0 if there is none. */
  public int snapshotOf(int subvolume) {
    Subvolume found = readers().subvolumes.get(subvolume);
    return found == null ? 0 : found.snapshot();
  }

  /** The filesystem's root directory. */
  public InodeId root() {
    return subvolumeRoot(Subvolume.ROOT);
  }

  /** A subvolume's root directory; ENOENT if there is none. */
  public InodeId subvolumeRoot(int subvolume) {
    Subvolume found = readers().subvolumes.get(subvolume);
    if (found == null) {
      throw new PosixException(PosixError.ENOENT, "there is no subvolume " + subvolume);
    }
    return new InodeId(subvolume, found.inode());
  }

  /** Where a file's keys are at the moment. */
  public FileId fileId(InodeId id) {
    return fileId(readers(), id);
  }

  private static FileId fileId(Readers now, InodeId id) {
    Subvolume found = now.subvolumes.get(id.subvolume());
    if (found == null) {
      throw new PosixException(PosixError.ESTALE, "there is no subvolume " + id.subvolume());
    }
    return new FileId(id.subvolume(), found.snapshot(), id.number());
  }

  private static InodeId inodeId(FileId file) {
    return new InodeId(file.subvolume(), file.inode());
  }

  private Inode inode(Readers now, InodeId id) {
    FileId file = fileId(now, id);
    return now.inodes
        .find(file.snapshot(), file.inode())
        .orElseThrow(() -> new PosixException(PosixError.ESTALE, "the file is gone"));
  }

  // Reading

  /** What stat(2) shows. */
  public Attributes attributes(InodeId id) {
    Readers now = readers();
    return attributes(id, fileId(now, id), inode(now, id));
  }

  private Attributes attributes(InodeId id, FileId file, Inode inode) {
    return shown(id, Attributes.of(file, inode, defaults));
  }

  /** What stat(2) shows of a file as of the state that its id says. */
  public Attributes attributes(FileId file) {
    return shown(inodeId(file), readers().namespace.attributes(file));
  }

  /** With what is in memory only. */
  private Attributes shown(InodeId id, Attributes stored) {
    return accessTimes.shown(id, contents.delayed().shown(id, stored));
  }

  /**
   * A file was read: its access time is shown at once, and written by {@link #writeAccessTimes}.
   *
   * @param now nanoseconds since 1970
   * @param always whether it counts in any case (strictatime), or only if the time is not newer
   *     than the last change or is a day old (relatime)
   */
  public void accessed(InodeId id, long now, boolean always) {
    if (!readers().subvolumes.isWritable(id.subvolume())) {
      return;
    }
    accessTimes.note(id, now, attributes(id), always);
    if (accessTimes.areTooMany()) {
      accessTimes.writeUntil(Long.MAX_VALUE);
    }
  }

  /**
   * Writes the access times that are not written yet.
   *
   * @param until only those that are not newer than that, in nanoseconds since 1970
   */
  public void writeAccessTimes(long until) {
    accessTimes.writeUntil(until);
  }

  /** The file of that name, if there is one. */
  public Optional<Entry> lookup(InodeId directory, byte[] name) {
    Readers now = readers();
    requireDirectory(inode(now, directory));
    Optional<DirectoryEntry> found = now.namespace.lookup(fileId(now, directory), name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    InodeId id = inodeId(found.get().target());
    Inode inode = inode(readers(), id);
    return Optional.of(entry(id, inode));
  }

  private Entry entry(InodeId id, Inode inode) {
    return new Entry(id, attributes(id, fileId(id), inode), inode.journalSeq());
  }

  private static void requireDirectory(Inode inode) {
    if (!inode.isDirectory()) {
      throw new PosixException(PosixError.ENOTDIR, "not a directory");
    }
  }

  /** All entries behind a hash, in hash order, until the consumer returns false; begin with -1. */
  public void list(InodeId directory, long after, Predicate<DirectoryEntry> consumer) {
    Readers now = readers();
    now.namespace.list(fileId(now, directory), after, consumer);
  }

  /** The directory that a directory is in; the root is its own. */
  public InodeId parent(InodeId directory) {
    Readers now = readers();
    return inodeId(now.namespace.parent(fileId(now, directory)));
  }

  public byte[] readlink(InodeId symlink) {
    Readers now = readers();
    return now.namespace.readlink(fileId(now, symlink));
  }

  /** Full names of stored xattrs. */
  public List<byte[]> listXattrs(InodeId id) {
    Readers now = readers();
    return now.namespace.listXattrs(fileId(now, id));
  }

  /** A stored xattr as getxattr(2) returns it. */
  public Optional<byte[]> xattr(InodeId id, byte[] name) {
    Readers now = readers();
    return now.namespace.xattr(fileId(now, id), name);
  }

  /** The inode's options as xattrs. */
  public List<Namespace.Xattr> optionXattrs(InodeId id) {
    Readers now = readers();
    return now.namespace.optionXattrs(fileId(now, id));
  }

  /** Reads from that byte on; less than the segment only at the end of the file. */
  public int read(InodeId id, long offset, MemorySegment into) {
    contents.delayed().writeNow(id);
    Lock lock = locks.reading(id);
    lock.lock();
    try {
      Readers now = readers();
      return now.data.read(fileId(now, id), offset, into);
    } finally {
      lock.unlock();
    }
  }

  private int readStored(InodeId id, long offset, MemorySegment into) {
    Readers now = readers();
    return now.stored.read(fileId(now, id), offset, into);
  }

  /** Where the next data begins, as lseek(SEEK_DATA) says, or -1. */
  public long nextData(InodeId id, long offset) {
    contents.delayed().writeNow(id);
    Readers now = readers();
    return now.data.nextData(fileId(now, id), offset);
  }

  /** Where the next hole begins, as lseek(SEEK_HOLE) says, or -1 beyond the end. */
  public long nextHole(InodeId id, long offset) {
    contents.delayed().writeNow(id);
    Readers now = readers();
    return now.data.nextHole(fileId(now, id), offset);
  }

  // Holding

  /**
   * One more way to hold files: what it says yes to is held until it is {@link #release released}.
   */
  public void holdBy(Predicate<InodeId> holder) {
    held.holdBy(holder);
  }

  /** Somebody uses the file: it is not removed if it loses its last name. */
  public void hold(InodeId id) {
    held.hold(id);
  }

  /** Somebody stops using files, having held each of them once. */
  public void release(List<InodeId> ids) {
    List<InodeId> gone = new ArrayList<>();
    for (InodeId id : ids) {
      if (held.release(id, 1)) {
        gone.add(id);
      }
    }
    remove(gone);
  }

  /** Whether somebody holds a file that has no name. */
  public boolean anyNameless() {
    return held.anyNameless();
  }

  private void removeIfLast(Unlinking.Unlinked unlinked) {
    if (unlinked != null && unlinked.last() && held.lostName(unlinked.id())) {
      remove(List.of(unlinked.id()));
    }
  }

  private void remove(List<InodeId> ids) {
    ids.forEach(contents.delayed()::dropNow);
    removal.remove(ids);
  }

  /** Who has how much, and may have. */
  public Quotas quotas() {
    return quotas;
  }

  // Changing names

  private <T> Committer.Committed<T> transact(String name, Function<TreeTransaction, T> body) {
    filesystem.makeRoom();
    return filesystem.transact(
        name, transaction -> body.apply(new TreeTransaction(filesystem, transaction)));
  }

  private Entry entry(int subvolume, Committer.Committed<Inode> made) {
    InodeId id = new InodeId(subvolume, made.value().number());
    return new Entry(id, attributes(id, fileId(id), made.value()), made.seq());
  }

  /** Makes a file, directory or node; EEXIST if the name is there. */
  public Entry create(InodeId directory, byte[] name, NewInode how) {
    filesystem.requireRoomForMetadata();
    return entry(
        directory.subvolume(),
        how.target() != null
            ? contents.symlink(directory, name, how)
            : transact("create", tree -> Creation.create(tree, directory, name, how)));
  }

  /** Makes a file without a name, which is {@link #hold held} once. */
  public Entry createTemporary(InodeId directory, NewInode how) {
    filesystem.requireRoomForMetadata();
    Entry made =
        entry(
            directory.subvolume(),
            transact("create_tmpfile", tree -> Creation.create(tree, directory, null, how)));
    held.hold(made.id());
    held.lostName(made.id());
    return made;
  }

  /** Gives a file one more name. */
  public Entry link(InodeId file, InodeId directory, byte[] name) {
    filesystem.requireRoomForMetadata();
    Entry linked =
        entry(
            directory.subvolume(),
            transact("link", tree -> Creation.link(tree, file, directory, name)));
    held.gotName(file);
    return linked;
  }

  /** Removes a name of anything but a directory. */
  public void unlink(InodeId directory, byte[] name) {
    removeIfLast(
        transact("unlink", tree -> Unlinking.unlink(tree, directory, name, false)).value());
  }

  /** Removes an empty directory. */
  public void rmdir(InodeId directory, byte[] name) {
    removeIfLast(transact("rmdir", tree -> Unlinking.unlink(tree, directory, name, true)).value());
  }

  /** Gives a file another name, or two files each other's. */
  public void rename(InodeId from, byte[] fromName, InodeId to, byte[] toName, RenameMode mode) {
    writeBeforeReplacing(from, fromName, to, toName);
    removeIfLast(
        transact("rename", tree -> new Renaming(tree, from, fromName, to, toName, mode).run())
            .value());
  }

  /**
   * Programs that write a file anew and rename it to its old name count on finding the one or the
   * other after a crash, whether they sync or not: it is written before it gets the name.
   */
  private void writeBeforeReplacing(InodeId from, byte[] fromName, InodeId to, byte[] toName) {
    if (contents.delayed().isEmpty()) {
      return;
    }
    Readers now = readers();
    if (now.namespace.lookup(fileId(now, to), toName).isPresent()) {
      now.namespace
          .lookup(fileId(now, from), fromName)
          .ifPresent(entry -> contents.delayed().writeNow(inodeId(entry.target())));
    }
  }

  // Subvolumes

  /**
   * Makes an empty subvolume.
   *
   * @param how its root directory
   */
  public Entry createSubvolume(InodeId directory, byte[] name, NewInode how) {
    filesystem.requireRoomForMetadata();
    Committer.Committed<Subvolumes.Made> made =
        transact("subvolume_create", tree -> new Subvolumes(tree).create(directory, name, how));
    quotas.came(made.value().root());
    return made(made);
  }

  /** Makes a snapshot of a subvolume: what is in it now, whatever happens to it later. */
  public Entry createSnapshot(int source, InodeId directory, byte[] name, boolean readOnly) {
    filesystem.requireRoomForMetadata();
    accessTimes.writeUntil(Long.MAX_VALUE);
    contents.delayed().writeAll(id -> id.subvolume() == source);
    Lock lock = locks.snapshot();
    lock.lock();
    try {
      // What came meanwhile.
      contents.delayed().writeAllHere(id -> id.subvolume() == source);
      return made(
          transact(
              "snapshot_create",
              tree -> new Subvolumes(tree).snapshot(source, directory, name, readOnly)));
    } finally {
      lock.unlock();
    }
  }

  private Entry made(Committer.Committed<Subvolumes.Made> made) {
    InodeId id = new InodeId(made.value().subvolume(), made.value().root().number());
    Attributes attributes = Attributes.of(fileId(id), made.value().root(), defaults);
    return new Entry(id, attributes, made.seq());
  }

  /**
   * Deletes a subvolume or snapshot with all that is in it but other subvolumes: ENOTEMPTY if there
   * are any. What it occupies is free only after {@link #cleanUp}.
   */
  public void deleteSubvolume(InodeId directory, byte[] name) {
    if (!quotas.areOn()) {
      removeSubvolume(directory, name);
      return;
    }
    // What is in it is looked through before it is cleaned up.
    synchronized (dead) {
      int counted = removeSubvolume(directory, name);
      if (counted != 0) {
        quotas.left(counted);
      }
    }
  }

  /** The snapshot that does not count for quotas any more; 0 if none did. */
  private int removeSubvolume(InodeId directory, byte[] name) {
    return transact(
            "subvolume_delete",
            tree -> {
              Subvolumes subvolumes = new Subvolumes(tree);
              int id = subvolumes.unlink(directory, name);
              int snapshot = quotas.counted(id);
              subvolumes.delete(id);
              return snapshot;
            })
        .value();
  }

  /** Deletes what is left of deleted subvolumes; takes long if that is much. One at a time. */
  public void cleanUp() {
    cleanUp(() -> true);
  }

  /**
   * The same, as long as that says yes: asked every few keys, what is left is for the next time.
   */
  public void cleanUp(BooleanSupplier goOn) {
    synchronized (dead) {
      dead.delete(goOn);
    }
  }

  /** Whether there is something to be cleaned up. */
  public boolean needsCleanUp() {
    return dead.any();
  }

  // Changing attributes

  /** Changes attributes: first the size, and then all others at once. */
  public Entry setAttributes(InodeId id, AttributeChange change) {
    if (delayTimes(id, change)) {
      Readers now = readers();
      Inode inode = inode(now, id);
      return new Entry(id, attributes(id, fileId(now, id), inode), inode.journalSeq());
    }
    if (change.flags().isPresent()) {
      contents.delayed().writeNow(id);
    }
    change.size().ifPresent(size -> contents.truncate(id, size));
    change.atime().ifPresent(_ -> accessTimes.forget(id));
    return entry(
        id.subvolume(), transact("setattr", tree -> AttributeChanges.apply(tree, id, change)));
  }

  /** Times that can be written with what is delayed of the file, if there is something. */
  private boolean delayTimes(InodeId id, AttributeChange change) {
    Inode inode = inode(readers(), id);
    if (inode.has(Inode.FLAG_IMMUTABLE) || !change.isOfTimesOnly(inode)) {
      return false;
    }
    DelayedFile.Times times = change.times(filesystem.clocks().wall().instant());
    boolean delayed;
    if (inode.has(Inode.FLAG_UNLINKED) && filesystem.subvolumes().isWritable(id.subvolume())) {
      // The kernel sets times of files that it is about to forget, which means the end of those.
      contents.delayed().keepTimes(id, times);
      delayed = true;
    } else {
      delayed = contents.delayed().takeTimes(id, times);
    }
    if (delayed && times.atime() != null) {
      accessTimes.forget(id);
    }
    return delayed;
  }

  /**
   * Sets an xattr, an ACL among them, from what setxattr(2) was given. "bcachefs.X" sets an option
   * of the file, which new files in a directory will have too.
   */
  public void setXattr(InodeId id, byte[] fullName, byte[] value, XattrMode mode) {
    if (OptionWords.isEffective(fullName)) {
      return;
    }
    if (OptionWords.isOption(fullName)) {
      InodeOption option = OptionWords.option(fullName);
      setOption(id, option, OptionalLong.of(OptionWords.value(filesystem, option, value)));
      return;
    }
    XattrName name = requireStored(fullName);
    filesystem.requireRoomForMetadata();
    transact(
        "setxattr",
        tree -> {
          AttributeChanges.setXattr(tree, id, name, value, mode);
          return null;
        });
  }

  /**
   * Sets an option of a file or directory, which new files in it will have too.
   *
   * @param value as options count, not as inodes store it; empty for what its directory has
   */
  public Entry setOption(InodeId id, InodeOption option, OptionalLong value) {
    OptionChange.announce(filesystem, option);
    return entry(
        id.subvolume(),
        transact("set_option", tree -> new OptionChange(tree, id).run(option, value)));
  }

  /** Removes an xattr; ENODATA if there is none. */
  public void removeXattr(InodeId id, byte[] fullName) {
    if (OptionWords.isOption(fullName)) {
      setOption(id, OptionWords.option(fullName), OptionalLong.empty());
      return;
    }
    XattrName name = requireStored(fullName);
    transact(
        "removexattr",
        tree -> {
          Inode inode = tree.inode(id);
          tree.writing(id.subvolume());
          XattrKeys xattrs = tree.xattrs(id, inode);
          if (!xattrs.remove(name)) {
            throw new PosixException(PosixError.ENODATA, "no such attribute");
          }
          InodeBuilder changed = new InodeBuilder(inode).set(InodeField.CTIME, tree.now());
          if (name.isAcl()) {
            tree.noteAcls(xattrs, changed);
          }
          tree.put(id, changed);
          return null;
        });
  }

  private static XattrName requireStored(byte[] fullName) {
    XattrName name = XattrName.of(fullName);
    if (name == null) {
      throw new PosixException(PosixError.EOPNOTSUPP, "attributes of that kind are not stored");
    }
    return name;
  }

  // Changing contents

  /**
   * Writes data from that byte on, holes before it staying holes; times of the file change.
   *
   * @return bytes written; less than the segment has only if there is no room for more
   * @throws PosixException ENOSPC if there is room for nothing of it
   */
  public long write(InodeId id, long offset, MemorySegment data) {
    return contents.write(id, offset, data);
  }

  /**
   * The same, but the data may be kept in memory for a while: everybody sees it, room is promised
   * for it, and it is durable after {@link #sync(InodeId)} or {@link #syncAll} as always. It is
   * written before a snapshot is made, before its file replaces another one, by {@link
   * #writeDelayed}, and when there is much of it.
   */
  public long writeLater(InodeId id, long offset, MemorySegment data) {
    if (!contents.delayed().take(id, offset, data)) {
      return contents.write(id, offset, data);
    }
    contents.delayed().writeTooMany();
    return data.byteSize();
  }

  /** Whether {@link #writeLater} has to write something first. */
  public boolean mustWrite() {
    return contents.delayed().areTooMany();
  }

  /** What {@link #writeLater} kept is written so many files at a time from now on, not one. */
  public void writeDelayedAtATime(int files) {
    contents.delayed().writeAtATime(files);
  }

  /** Who is told, often, while {@link #writeLater} keeps so much that {@link #writeMany} is due. */
  public void whenMany(Runnable told) {
    contents.delayed().whenMany(told);
  }

  /**
   * Writes of what {@link #writeLater} kept in memory the oldest, until little is left.
   *
   * @param goOn asked before each file whether it shall go on
   */
  public void writeMany(BooleanSupplier goOn) {
    contents.delayed().writeMany(goOn);
  }

  /** Writes what {@link #writeLater} kept in memory since as many calls of this ago, or longer. */
  public void writeDelayed(int calls) {
    contents.delayed().nextRound(calls);
  }

  /** Reserves, zeroes or empties a range of a file. */
  public void allocate(InodeId id, AllocateMode mode, long offset, long length) {
    contents.allocate(id, mode, offset, length);
  }

  /**
   * Makes room for a hole in a file: what is behind it moves up, and the file grows.
   *
   * @param offset where the hole begins, in bytes
   * @throws PosixException EINVAL if these are not whole blocks, or nothing is behind the offset
   */
  public void insertRange(InodeId id, long offset, long length) {
    filesystem.requireRoomForMetadata();
    contents.shift(id, true, offset, length);
  }

  /**
   * Takes a range out of a file: what is behind it moves down, and the file shrinks.
   *
   * @param offset where the range begins, in bytes
   * @throws PosixException EINVAL if these are not whole blocks, or the range reaches the file's
   *     end
   */
  public void collapseRange(InodeId id, long offset, long length) {
    contents.shift(id, false, offset, length);
  }

  /**
   * Makes a range of a file share what is in another: nothing is copied.
   *
   * @throws PosixException EINVAL if these are not whole blocks, the last of a file excepted
   */
  public void clone(InodeId from, long fromOffset, InodeId to, long toOffset, long length) {
    filesystem.requireRoomForMetadata();
    contents.clone(from, fromOffset, to, toOffset, length);
  }

  // Durability

  /** Makes everything durable that happened to the file, or to a directory's names. */
  public void sync(InodeId id) {
    count(PersistentCounter.FSYNC);
    if (filesystem.rules().hold(WriteRule.DELAYED_WRITES)) {
      contents.delayed().writeNow(id);
    }
    accessTimes.write(id);
    filesystem.flush(inode(readers(), id).journalSeq());
  }

  private void count(PersistentCounter counter) {
    filesystem.devices().activity().count(counter);
  }

  /** Makes everything durable. */
  public void syncAll() {
    count(PersistentCounter.SYNC_FS);
    contents.delayed().writeAll(_ -> true);
    accessTimes.writeUntil(Long.MAX_VALUE);
    filesystem.sync();
  }

  /** Removes what has no name, and writes what is not written; the filesystem is left open. */
  @Override
  public void close() {
    accessTimes.writeUntil(Long.MAX_VALUE);
    remove(held.takeNameless());
    contents.close();
  }
}
