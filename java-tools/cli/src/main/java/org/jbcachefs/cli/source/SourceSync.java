// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.source;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.platform.HostDirectory;
import org.jbcachefs.cli.platform.HostFile;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AllocateMode;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.Entry;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/**
 * Makes the tree of a filesystem what a directory of this machine is, with all that its files have:
 * owners, permissions, times, hard links, holes, device nodes, xattrs and ACLs. What is so already
 * is left alone, down to the blocks of files; the time of the last access counts as the same. One
 * use.
 */
public final class SourceSync {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final long TICK_BYTES = 64L << 20;
  private static final long FROM_THE_BEGINNING = -1;

  /** What a file may take besides its data. */
  private static final long BYTES_PER_FILE = 4096;

  private static final byte[] ITSELF = {};
  private static final byte[] LOST_AND_FOUND = "lost+found".getBytes(US_ASCII);

  /** Values that a filesystem computes; they cannot be set. */
  private static final byte[] COMPUTED = "bcachefs_effective.".getBytes(US_ASCII);

  /** Options of the filesystem itself; a directory of another one has none. */
  private static final byte[] OPTIONS = "bcachefs.".getBytes(US_ASCII);

  private final Invocation invocation;
  private final WritableFilesystem filesystem;
  private final WritableTree tree;
  private final Progress progress;
  private final MemorySegment buffer;
  private final MemorySegment present;
  private final int blockBytes;
  private final Map<HardLink, InodeId> links = new HashMap<>();

  /** Inodes with several names that are the source's files by now. */
  private final Set<InodeId> claimed = new HashSet<>();

  private final Totals totals = new Totals();
  private long sinceTick;

  private record HardLink(long device, long inode) {}

  /** What was found and done. */
  public static final class Totals {
    private long files;
    private long bytes;
    private long changed;
    private long removed;
    private long written;

    /** Files of every kind in the source, names of one file counted one by one. */
    public long files() {
      return files;
    }

    /** Bytes of data in them, holes not counted. */
    public long bytes() {
      return bytes;
    }

    /** Files that were made, or that something of was changed. */
    public long changed() {
      return changed;
    }

    /** Names that were removed, with all that was below. */
    public long removed() {
      return removed;
    }

    /** Bytes of data that were written. */
    public long written() {
      return written;
    }
  }

  private SourceSync(
      Invocation invocation,
      WritableFilesystem filesystem,
      WritableTree tree,
      Progress progress,
      Arena arena) {
    this.invocation = invocation;
    this.filesystem = filesystem;
    this.tree = tree;
    this.progress = progress;
    this.buffer = arena.allocate(BUFFER_BYTES, Long.BYTES);
    this.present = arena.allocate(BUFFER_BYTES, Long.BYTES);
    this.blockBytes = filesystem.superblock().blockBytes();
  }

  /** Makes the root what the directory is; it has a lost+found besides, whatever is in it. */
  public static Totals run(Invocation invocation, WritableFilesystem filesystem, String source)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        Progress progress = invocation.progress("copying");
        HostDirectory from = HostDirectory.open(Names.encode(source));
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      SourceSync sync = new SourceSync(invocation, filesystem, tree, progress, arena);
      sync.directory(from, tree.root(), from.stat(ITSELF), false);
      tree.cleanUp();
      return sync.totals;
    }
  }

  /** How much room a directory and all below takes, roughly: holes are not counted. */
  public static long bytesOf(String source) throws IOException {
    try (HostDirectory from = HostDirectory.open(Names.encode(source))) {
      return bytesOf(from);
    }
  }

  private static long bytesOf(HostDirectory from) throws IOException {
    long bytes = 0;
    for (byte[] name : from.names()) {
      HostFile file = from.stat(name);
      bytes += BYTES_PER_FILE;
      if (file.isDirectory()) {
        try (HostDirectory below = from.directory(name)) {
          bytes += bytesOf(below);
        }
      } else if (file.isRegular()) {
        bytes += from.dataBytes(name);
      }
    }
    return bytes;
  }

  /** Times come last: what is put into a directory changes them. */
  private void directory(HostDirectory from, InodeId to, HostFile like, boolean made)
      throws IOException {
    List<byte[]> names = from.names();
    boolean changed = made || removeOthers(names, to);
    for (byte[] name : names) {
      changed |= entry(from, name, to);
    }
    changed |= xattrs(from, ITSELF, to, made);
    changed |= attributes(to, like, changed);
    totals.changed += changed ? 1 : 0;
  }

  /** Removes what the source has not; whether there was anything. */
  private boolean removeOthers(List<byte[]> names, InodeId directory) {
    Set<ByteBuffer> wanted = new HashSet<>();
    names.forEach(name -> wanted.add(ByteBuffer.wrap(name)));
    if (directory.equals(tree.root())) {
      wanted.add(ByteBuffer.wrap(LOST_AND_FOUND));
    }
    List<byte[]> others = new ArrayList<>();
    tree.list(
        directory,
        FROM_THE_BEGINNING,
        entry -> {
          if (!wanted.contains(ByteBuffer.wrap(entry.name()))) {
            others.add(entry.name());
          }
          return true;
        });
    others.forEach(name -> remove(directory, name));
    return !others.isEmpty();
  }

  private void remove(InodeId directory, byte[] name) {
    Entry entry = tree.lookup(directory, name).orElseThrow();
    boolean isDirectory = isDirectory(entry.attributes());
    if (isDirectory && entry.id().subvolume() != directory.subvolume()) {
      tree.deleteSubvolume(directory, name);
    } else if (isDirectory) {
      List<byte[]> below = new ArrayList<>();
      tree.list(entry.id(), FROM_THE_BEGINNING, each -> below.add(each.name()));
      below.forEach(each -> remove(entry.id(), each));
      tree.rmdir(directory, name);
    } else {
      tree.unlink(directory, name);
    }
    totals.removed++;
  }

  private static boolean isDirectory(Attributes attributes) {
    return (attributes.mode() & Attributes.TYPE_MASK) == Attributes.DIRECTORY;
  }

  /** Whether the directory is changed by it. */
  private boolean entry(HostDirectory from, byte[] name, InodeId directory) throws IOException {
    HostFile file = from.stat(name);
    HardLink link = new HardLink(file.device(), file.inode());
    boolean several = file.links() > 1 && !file.isDirectory();
    InodeId known = several ? links.get(link) : null;
    try {
      Optional<Entry> there = tree.lookup(directory, name);
      if (there.isPresent() && !isUsable(there.get(), known, from, name, file)) {
        remove(directory, name);
        there = Optional.empty();
      }
      totals.files++;
      if (known != null) {
        if (there.isEmpty()) {
          tree.link(known, directory, name);
        }
        return there.isEmpty();
      }
      boolean made = there.isEmpty();
      InodeId id = made ? made(from, name, file, directory) : there.get().id();
      if (several) {
        links.put(link, id);
      }
      if (several || (!made && there.get().attributes().links() > 1)) {
        claimed.add(id);
      }
      fill(from, name, file, id, made);
      return made;
    } catch (PosixException e) {
      throw new PosixException(e.error(), from.pathOf(name) + ": " + e.getMessage());
    }
  }

  /** Whether what is there under that name can stay, and be made what the source's file is. */
  private boolean isUsable(
      Entry there, InodeId known, HostDirectory from, byte[] name, HostFile file)
      throws IOException {
    if (known != null) {
      return there.id().equals(known);
    }
    Attributes now = there.attributes();
    if ((now.mode() & Attributes.TYPE_MASK) != (file.mode() & Attributes.TYPE_MASK)
        || (!file.isDirectory() && claimed.contains(there.id()))) {
      return false;
    }
    if (file.isSymlink()) {
      return Arrays.equals(tree.readlink(there.id()), from.readlink(name));
    }
    boolean node = !file.isDirectory() && !file.isRegular();
    return !node
        || (now.majorDevice() == file.nodeMajor() && now.minorDevice() == file.nodeMinor());
  }

  private InodeId made(HostDirectory from, byte[] name, HostFile file, InodeId directory)
      throws IOException {
    NewInode how =
        file.isSymlink()
            ? NewInode.symlink(from.readlink(name), file.uid(), file.gid())
            : NewInode.of(file.mode(), file.uid(), file.gid())
                .withDevice(file.nodeMajor(), file.nodeMinor());
    return tree.create(directory, name, how).id();
  }

  private void fill(HostDirectory from, byte[] name, HostFile file, InodeId id, boolean made)
      throws IOException {
    if (file.isDirectory()) {
      try (HostDirectory below = from.directory(name)) {
        directory(below, id, file, made);
      }
      return;
    }
    boolean changed = made;
    if (file.isRegular()) {
      changed |= made ? contents(from, name, file, id) : sameContents(from, name, file, id);
    }
    changed |= xattrs(from, name, id, made);
    changed |= attributes(id, file, changed);
    totals.changed += changed ? 1 : 0;
    progress.did(1, 0);
  }

  private boolean contents(HostDirectory from, byte[] name, HostFile file, InodeId to)
      throws IOException {
    from.read(
        name,
        buffer,
        (offset, bytes) -> {
          totals.bytes += bytes.byteSize();
          write(to, offset, bytes);
        });
    if (tree.attributes(to).size() != file.size()) {
      tree.setAttributes(to, AttributeChange.NONE.withSize(file.size()));
    }
    return true;
  }

  /** Writes the blocks that differ, and makes holes where the source has some. */
  private boolean sameContents(HostDirectory from, byte[] name, HostFile file, InodeId to)
      throws IOException {
    long before = totals.written;
    boolean[] changed = {false};
    long[] end = {0};
    if (tree.attributes(to).size() > file.size()) {
      tree.setAttributes(to, AttributeChange.NONE.withSize(file.size()));
      changed[0] = true;
    }
    from.read(
        name,
        buffer,
        (offset, bytes) -> {
          totals.bytes += bytes.byteSize();
          changed[0] |= hole(to, end[0], offset);
          end[0] = offset + bytes.byteSize();
          writeDifferent(to, offset, bytes);
        });
    changed[0] |= hole(to, end[0], file.size());
    if (tree.attributes(to).size() != file.size()) {
      tree.setAttributes(to, AttributeChange.NONE.withSize(file.size()));
      changed[0] = true;
    }
    return changed[0] || totals.written != before;
  }

  /** Whether there was anything to be taken out of a range; blocks are holes where they can be. */
  private boolean hole(InodeId to, long from, long end) {
    long size = Math.min(end, tree.attributes(to).size());
    if (from >= size) {
      return false;
    }
    long first = Math.min(size, Math.ceilDiv(from, blockBytes) * blockBytes);
    // What lies behind the end of the file belongs to its last block.
    boolean all = size < end || size % blockBytes == 0 || isEnd(to, size);
    long last = all ? size : Math.max(first, size - size % blockBytes);
    boolean changed = false;
    if (first < last && hasData(to, first, last)) {
      tree.allocate(to, AllocateMode.PUNCH_HOLE, first, last - first);
      changed = true;
    }
    boolean before = clear(to, from, first);
    boolean behind = clear(to, last, size);
    return before || behind || changed;
  }

  private boolean isEnd(InodeId to, long offset) {
    return offset == tree.attributes(to).size();
  }

  private boolean hasData(InodeId to, long from, long end) {
    long data = tree.nextData(to, from);
    return data >= 0 && data < end;
  }

  /** Makes less than a block zero; whether it was not. */
  private boolean clear(InodeId to, long from, long end) {
    if (from >= end || !hasData(to, from, end)) {
      return false;
    }
    MemorySegment part = present.asSlice(0, end - from);
    part.fill((byte) 0);
    int got = tree.read(to, from, part);
    MemorySegment read = part.asSlice(0, Math.max(got, 0));
    MemorySegment zeros = MemorySegment.ofArray(new byte[Math.max(got, 0)]);
    if (read.mismatch(zeros) < 0) {
      return false;
    }
    write(to, from, zeros);
    return true;
  }

  private void writeDifferent(InodeId to, long offset, MemorySegment bytes) {
    long length = bytes.byteSize();
    MemorySegment old = present.asSlice(0, length);
    long got = 0;
    int now = 1;
    while (got < length && now > 0) {
      now = tree.read(to, offset + got, old.asSlice(got));
      got += Math.max(now, 0);
    }
    long at = 0;
    while (at < length) {
      long start = at;
      while (at < length && differs(bytes, old, at, got)) {
        at = block(at, length);
      }
      if (at > start) {
        write(to, offset + start, bytes.asSlice(start, at - start));
      } else {
        at = block(at, length);
      }
    }
    progress.did(0, length);
  }

  private long block(long at, long length) {
    return Math.min(length, at + blockBytes);
  }

  /** What lies behind the end of the file there differs, whatever it is. */
  private boolean differs(MemorySegment bytes, MemorySegment old, long at, long known) {
    long end = block(at, bytes.byteSize());
    return end > known || MemorySegment.mismatch(bytes, at, end, old, at, end) >= 0;
  }

  private void write(InodeId to, long offset, MemorySegment bytes) {
    long written = 0;
    while (written < bytes.byteSize()) {
      long more = tree.write(to, offset + written, bytes.asSlice(written));
      written += more;
      totals.written += more;
      done(more);
    }
  }

  private boolean xattrs(HostDirectory from, byte[] name, InodeId to, boolean made)
      throws IOException {
    boolean changed = false;
    Set<ByteBuffer> wanted = new HashSet<>();
    for (byte[] xattr : from.xattrs(name)) {
      if (!beginsWith(xattr, COMPUTED)) {
        wanted.add(ByteBuffer.wrap(xattr));
        changed |= xattr(from, name, to, xattr);
      }
    }
    if (!made) {
      for (byte[] xattr : tree.listXattrs(to)) {
        boolean own = beginsWith(xattr, COMPUTED) || beginsWith(xattr, OPTIONS);
        if (!own && !wanted.contains(ByteBuffer.wrap(xattr))) {
          tree.removeXattr(to, xattr);
          changed = true;
        }
      }
    }
    return changed;
  }

  private static boolean beginsWith(byte[] name, byte[] prefix) {
    return name.length > prefix.length && Arrays.equals(Arrays.copyOf(name, prefix.length), prefix);
  }

  private boolean xattr(HostDirectory from, byte[] name, InodeId to, byte[] xattr)
      throws IOException {
    byte[] value = from.xattr(name, xattr);
    try {
      Optional<byte[]> now = tree.xattr(to, xattr);
      if (now.isPresent() && Arrays.equals(now.get(), value)) {
        return false;
      }
      tree.setXattr(to, xattr, value, XattrMode.ANY);
      return true;
    } catch (PosixException e) {
      if (e.error() != PosixError.EOPNOTSUPP) {
        throw e;
      }
      String what = "the xattr " + Names.printableString(xattr) + " cannot be kept";
      invocation.problem(new Problem("not_kept", from.pathOf(name), what));
      return false;
    }
  }

  private boolean attributes(InodeId to, HostFile like, boolean changed) {
    Attributes now = tree.attributes(to);
    boolean same =
        now.uid() == like.uid()
            && now.gid() == like.gid()
            && now.mtime() == like.mtime()
            && (like.isSymlink() || now.mode() == like.mode());
    if (same && !changed) {
      return false;
    }
    AttributeChange change =
        AttributeChange.NONE
            .withUid(like.uid())
            .withGid(like.gid())
            .withAtime(like.atime())
            .withMtime(like.mtime());
    tree.setAttributes(to, like.isSymlink() ? change : change.withMode(like.mode()));
    return true;
  }

  private void done(long bytes) {
    progress.did(0, bytes);
    sinceTick += bytes;
    if (sinceTick >= TICK_BYTES) {
      sinceTick = 0;
      filesystem.tick();
    }
  }
}
