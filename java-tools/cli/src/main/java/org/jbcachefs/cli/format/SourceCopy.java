// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.format;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.cli.platform.HostDirectory;
import org.jbcachefs.cli.platform.HostFile;
import org.jbcachefs.engine.fs.InodeId;
import org.jbcachefs.engine.fs.write.AttributeChange;
import org.jbcachefs.engine.fs.write.Entry;
import org.jbcachefs.engine.fs.write.NewInode;
import org.jbcachefs.engine.fs.write.WritableTree;
import org.jbcachefs.engine.fs.write.XattrMode;
import org.jbcachefs.engine.recovery.WritableFilesystem;
import org.jbcachefs.format.error.PosixError;
import org.jbcachefs.format.error.PosixException;

/**
 * Copies a directory of this machine into a filesystem, with all that its files have: owners,
 * permissions, times, hard links, holes, device nodes, xattrs and ACLs.
 */
final class SourceCopy {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final long TICK_BYTES = 64L << 20;
  private static final byte[] ITSELF = {};

  /** Values that a filesystem computes; they cannot be set. */
  private static final byte[] COMPUTED = "bcachefs_effective.".getBytes(US_ASCII);

  private final Invocation invocation;
  private final WritableFilesystem filesystem;
  private final WritableTree tree;
  private final Progress progress;
  private final MemorySegment buffer;
  private final Map<HardLink, InodeId> links = new HashMap<>();
  private long sinceTick;

  private record HardLink(long device, long inode) {}

  private SourceCopy(
      Invocation invocation,
      WritableFilesystem filesystem,
      WritableTree tree,
      Progress progress,
      MemorySegment buffer) {
    this.invocation = invocation;
    this.filesystem = filesystem;
    this.tree = tree;
    this.progress = progress;
    this.buffer = buffer;
  }

  /** Copies what is in a directory, and what the directory itself is like, to the root. */
  static void copy(Invocation invocation, WritableFilesystem filesystem, String source)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        Progress progress = invocation.progress("copying");
        HostDirectory from = HostDirectory.open(Names.encode(source));
        WritableTree tree = new WritableTree(filesystem, _ -> {})) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES, Long.BYTES);
      new SourceCopy(invocation, filesystem, tree, progress, buffer)
          .directory(from, tree.root(), from.stat(ITSELF));
    }
  }

  /** Times come last: what is put into a directory changes them. */
  private void directory(HostDirectory from, InodeId to, HostFile like) throws IOException {
    for (byte[] name : from.names()) {
      entry(from, name, to);
    }
    xattrs(from, ITSELF, to);
    attributes(to, like);
  }

  private void entry(HostDirectory from, byte[] name, InodeId directory) throws IOException {
    HostFile file = from.stat(name);
    HardLink link = new HardLink(file.device(), file.inode());
    InodeId known = file.links() > 1 && !file.isDirectory() ? links.get(link) : null;
    try {
      if (known != null) {
        tree.link(known, directory, name);
        return;
      }
      InodeId made = made(from, name, file, directory);
      if (file.links() > 1) {
        links.put(link, made);
      }
      if (file.isDirectory()) {
        try (HostDirectory below = from.directory(name)) {
          directory(below, made, file);
        }
        return;
      }
      if (file.isRegular()) {
        contents(from, name, file, made);
      }
      xattrs(from, name, made);
      attributes(made, file);
      progress.did(1, 0);
    } catch (PosixException e) {
      throw new PosixException(e.error(), from.pathOf(name) + ": " + e.getMessage());
    }
  }

  private InodeId made(HostDirectory from, byte[] name, HostFile file, InodeId directory)
      throws IOException {
    // A new filesystem has a lost+found already.
    Optional<Entry> there = tree.lookup(directory, name);
    if (there.isPresent() && file.isDirectory()) {
      return there.get().id();
    }
    NewInode how =
        file.isSymlink()
            ? NewInode.symlink(from.readlink(name), file.uid(), file.gid())
            : NewInode.of(file.mode(), file.uid(), file.gid())
                .withDevice(file.nodeMajor(), file.nodeMinor());
    return tree.create(directory, name, how).id();
  }

  private void contents(HostDirectory from, byte[] name, HostFile file, InodeId to)
      throws IOException {
    from.read(name, buffer, (offset, bytes) -> write(to, offset, bytes));
    if (tree.attributes(to).size() != file.size()) {
      tree.setAttributes(to, AttributeChange.NONE.withSize(file.size()));
    }
  }

  private void write(InodeId to, long offset, MemorySegment bytes) {
    long written = 0;
    while (written < bytes.byteSize()) {
      long more = tree.write(to, offset + written, bytes.asSlice(written));
      written += more;
      done(more);
    }
  }

  private void xattrs(HostDirectory from, byte[] name, InodeId to) throws IOException {
    for (byte[] xattr : from.xattrs(name)) {
      boolean computed =
          xattr.length > COMPUTED.length
              && Arrays.equals(Arrays.copyOf(xattr, COMPUTED.length), COMPUTED);
      if (!computed) {
        xattr(from, name, to, xattr);
      }
    }
  }

  private void xattr(HostDirectory from, byte[] name, InodeId to, byte[] xattr) throws IOException {
    byte[] value = from.xattr(name, xattr);
    try {
      tree.setXattr(to, xattr, value, XattrMode.ANY);
    } catch (PosixException e) {
      if (e.error() != PosixError.EOPNOTSUPP) {
        throw e;
      }
      String what = "the xattr " + Names.printableString(xattr) + " cannot be kept";
      invocation.problem(new Problem("not_kept", from.pathOf(name), what));
    }
  }

  private void attributes(InodeId to, HostFile like) {
    AttributeChange change =
        AttributeChange.NONE
            .withUid(like.uid())
            .withGid(like.gid())
            .withAtime(like.atime())
            .withMtime(like.mtime());
    tree.setAttributes(to, like.isSymlink() ? change : change.withMode(like.mode()));
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
