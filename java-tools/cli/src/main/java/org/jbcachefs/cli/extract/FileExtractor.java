// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.extract.Destination.Keep;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.cli.output.Problem;
import org.jbcachefs.cli.output.Progress;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileData;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Makes one name at a time: a file, link or special file, and finishes directories. Damage is told
 * and work goes on; only what concerns the whole destination is thrown. Thread-safe.
 */
final class FileExtractor {
  private static final byte[] PARTIAL_SUFFIX = Names.encode(".jbcachefs-partial");
  private static final int LONGEST_NAME = 255;

  /** Where files come from, and whom to tell. */
  record Source(Invocation invocation, Namespace namespace, FileData data) {}

  private final Invocation invocation;
  private final Namespace namespace;
  private final ExtractRequest request;
  private final Destination destination;
  private final XattrCopy xattrs;
  private final Progress progress;
  private final Tally tally;
  private final Consumer<ExtractTask> completed;
  private final long doneBefore;
  private final Keep keep;
  private final HardLinks hardLinks = new HardLinks();
  private final ThreadLocal<FileContents> contents;

  /**
   * @param completed called for each task when it is done with, whatever came of it
   * @param doneBefore names with smaller numbers were done by an earlier run
   */
  FileExtractor(
      Source source,
      ExtractRequest request,
      Destination destination,
      XattrCopy xattrs,
      Progress progress,
      Tally tally,
      Consumer<ExtractTask> completed,
      long doneBefore) {
    this.invocation = source.invocation;
    this.namespace = source.namespace;
    this.request = request;
    this.destination = destination;
    this.xattrs = xattrs;
    this.progress = progress;
    this.tally = tally;
    this.completed = completed;
    this.doneBefore = doneBefore;
    this.keep = new Keep(request.keepOwners());
    this.contents = ThreadLocal.withInitial(() -> new FileContents(source.data));
  }

  /** Makes the name, or leaves it to whoever makes the file's first name. */
  void extract(ExtractTask task) throws IOException {
    boolean waits = false;
    try {
      Attributes attributes = namespace.attributes(task.file());
      if (attributes.links() > 1 && !attributes.isDirectory()) {
        waits = !hardLinked(task, attributes);
      } else {
        make(task, attributes);
      }
    } catch (BcachefsException e) {
      tally.failed.increment();
      invocation.damaged(task.shown(), e);
    }
    if (!waits) {
      complete(task);
    }
  }

  private void complete(ExtractTask task) throws IOException {
    completed.accept(task);
    progress.did(1, 0);
    if (task.directory().parent() != null || task.directory().file() != null) {
      ended(task.directory());
    }
  }

  /** One of what is in the directory is done; finishes it and those above it if it was the last. */
  void ended(DirectoryNode directory) throws IOException {
    DirectoryNode at = directory;
    while (at != null && at.ended()) {
      finish(at);
      at = at.parent();
    }
  }

  private void finish(DirectoryNode directory) throws IOException {
    if (directory.attributes() == null) {
      return;
    }
    try {
      xattrs.copy(
          directory.file(),
          belowRoot(directory.path()),
          (name, value) -> destination.xattr(directory.place(), name, value));
    } catch (BcachefsException e) {
      invocation.damaged(Names.printableString(directory.path()), e);
    }
    try {
      destination.finish(directory.place(), directory.attributes(), keep);
    } catch (DestinationException e) {
      refused(e);
    }
  }

  /** False if the task has to wait for the file's first name. */
  private boolean hardLinked(ExtractTask task, Attributes attributes) throws IOException {
    switch (hardLinks.claim(task.file(), task)) {
      case LINK -> link(task);
      case EXTRACT -> first(task, attributes);
      case WAIT -> {
        return false;
      }
    }
    return true;
  }

  private void first(ExtractTask task, Attributes attributes) throws IOException {
    HardLinks.Location made = null;
    try {
      made = make(task, attributes);
    } finally {
      List<ExtractTask> waiting =
          made == null ? hardLinks.failed(task.file()) : hardLinks.done(task.file(), made);
      for (ExtractTask other : waiting) {
        extract(other);
      }
    }
  }

  private void link(ExtractTask task) throws IOException {
    HardLinks.Location first = hardLinks.location(task.file());
    byte[] name = first.partial() ? partial(task.name()) : task.name();
    Destination.Directory in = task.directory().place();
    boolean made =
        placed(
            task,
            name,
            tally.hardLinks,
            () -> destination.link(first.parent(), first.name(), in, name));
    if (made && first.partial()) {
      tally.partial.increment();
    }
  }

  /** Makes the file under this name; where it then is, or null if it could not be made. */
  private HardLinks.Location make(ExtractTask task, Attributes attributes) throws IOException {
    if (isDoneBefore(task, attributes)) {
      tally.skipped.increment();
      return new HardLinks.Location(task.directory().place(), task.name(), false);
    }
    return switch (FileType.of(attributes)) {
      case REGULAR -> regular(task, attributes);
      case SYMLINK -> symlink(task, attributes);
      case FIFO, SOCKET, CHARACTER, BLOCK -> special(task, attributes);
      case DIRECTORY, UNKNOWN -> {
        tally.failed.increment();
        invocation.damaged(
            new Problem(
                "corruption",
                task.shown(),
                "the directory entry and the inode do not agree on what this is"));
        yield null;
      }
    };
  }

  private boolean isDoneBefore(ExtractTask task, Attributes attributes)
      throws DestinationException {
    if (task.number() >= doneBefore) {
      return false;
    }
    Destination.Existing there = destination.existing(task.directory().place(), task.name());
    return there != null
        && there.type() == FileType.of(attributes)
        && there.mtime() == attributes.mtime()
        && (there.type() != FileType.REGULAR || there.size() == attributes.size());
  }

  private interface Making {
    void run() throws DestinationException;
  }

  /** Runs what makes the name, replacing what is in the way if that is allowed. */
  private boolean placed(ExtractTask task, byte[] name, LongAdder count, Making making)
      throws DestinationException {
    try {
      try {
        making.run();
      } catch (DestinationException e) {
        if (!e.exists() || !request.overwrite()) {
          throw e;
        }
        destination.remove(task.directory().place(), name);
        making.run();
      }
      count.increment();
      return true;
    } catch (DestinationException e) {
      refused(e);
      return false;
    }
  }

  private HardLinks.Location regular(ExtractTask task, Attributes attributes) throws IOException {
    Destination.Directory in = task.directory().place();
    Destination.Sink[] made = new Destination.Sink[1];
    if (!placed(
        task, task.name(), tally.files, () -> made[0] = destination.create(in, task.name()))) {
      return null;
    }
    FileContents.Result result;
    try (Destination.Sink sink = made[0]) {
      result = contents.get().copy(task.file(), attributes, sink);
      Keep kept = owner(() -> sink.owner(attributes));
      copyXattrs(task, sink::xattr);
      sink.attributes(attributes, kept);
    } catch (DestinationException e) {
      refused(e);
      return keepWhatFits(task);
    }
    tally.bytes.add(result.bytes());
    progress.did(0, result.bytes());
    if (result.lost().isEmpty()) {
      return new HardLinks.Location(in, task.name(), false);
    }
    return keepPartial(task, result);
  }

  /** The destination took only some of a file, which must not pass for all of it. */
  private HardLinks.Location keepWhatFits(ExtractTask task) throws DestinationException {
    Destination.Directory in = task.directory().place();
    byte[] name = partial(task.name());
    try {
      destination.rename(in, task.name(), name);
    } catch (DestinationException e) {
      refused(e);
      return null;
    }
    tally.partial.increment();
    return new HardLinks.Location(in, name, true);
  }

  private HardLinks.Location keepPartial(ExtractTask task, FileContents.Result result)
      throws DestinationException {
    Destination.Directory in = task.directory().place();
    byte[] name = partial(task.name());
    destination.rename(in, task.name(), name);
    tally.partial.increment();
    String keptAs = in.path() + "/" + Names.printableString(name);
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("path", task.shown());
    details.put("ranges", result.lost().pairs());
    details.put("kept_as", keptAs);
    details.put("device", result.reason().place().device());
    String why = result.reason().sentence();
    invocation.damaged(
        new Problem(
            "lost_data",
            task.shown(),
            result.lost().sentence() + " cannot be read (" + why + "); the rest is in " + keptAs,
            details));
    return new HardLinks.Location(in, name, true);
  }

  private static byte[] partial(byte[] name) {
    int kept = Math.min(name.length, LONGEST_NAME - PARTIAL_SUFFIX.length);
    byte[] partial = Arrays.copyOf(name, kept + PARTIAL_SUFFIX.length);
    System.arraycopy(PARTIAL_SUFFIX, 0, partial, kept, PARTIAL_SUFFIX.length);
    return partial;
  }

  private HardLinks.Location symlink(ExtractTask task, Attributes attributes) throws IOException {
    byte[] target = namespace.readlink(task.file());
    for (byte b : target) {
      if (b == 0) {
        tally.failed.increment();
        invocation.damaged(
            new Problem("corruption", task.shown(), "the target of this link holds a NUL"));
        return null;
      }
    }
    Destination.Directory in = task.directory().place();
    return dressed(
        task, attributes, tally.symlinks, () -> destination.symlink(in, task.name(), target));
  }

  private HardLinks.Location special(ExtractTask task, Attributes attributes) throws IOException {
    if (FileType.of(attributes).isDevice() && !request.keepOwners()) {
      tally.devicesNotMade.increment();
      return null;
    }
    Destination.Directory in = task.directory().place();
    return dressed(
        task, attributes, tally.special, () -> destination.special(in, task.name(), attributes));
  }

  /** Makes something without contents and gives it its attributes. */
  private HardLinks.Location dressed(
      ExtractTask task, Attributes attributes, LongAdder count, Making making) throws IOException {
    if (!placed(task, task.name(), count, making)) {
      return null;
    }
    Destination.Directory in = task.directory().place();
    try {
      Keep kept = owner(() -> destination.owner(in, task.name(), attributes));
      copyXattrs(task, (name, value) -> destination.xattr(in, task.name(), name, value));
      destination.attributes(in, task.name(), attributes, kept);
    } catch (DestinationException e) {
      refused(e);
    }
    return new HardLinks.Location(in, task.name(), false);
  }

  /** Gives it to its owner, if that is possible at all. */
  private Keep owner(Making chown) throws DestinationException {
    if (!keep.owners()) {
      return keep;
    }
    try {
      chown.run();
      return keep;
    } catch (DestinationException e) {
      if (e.isFatal()) {
        throw e;
      }
      tally.ownersNotKept.increment();
      return new Keep(false);
    }
  }

  private void copyXattrs(ExtractTask task, XattrCopy.Setter setter) throws IOException {
    try {
      xattrs.copy(task.file(), belowRoot(task.path()), setter);
    } catch (BcachefsException e) {
      invocation.damaged(task.shown(), e);
    }
  }

  /** The path from the destination. */
  private byte[] belowRoot(byte[] path) {
    int skip = request.path().length;
    if (skip >= path.length) {
      return new byte[] {'.'};
    }
    return Arrays.copyOfRange(path, path[skip] == '/' ? skip + 1 : skip, path.length);
  }

  /** The destination did not take one file: told, and thrown if it would take no other either. */
  void refused(DestinationException e) throws DestinationException {
    if (e.isFatal()) {
      throw e;
    }
    tally.failed.increment();
    invocation.damaged(new Problem("not_kept", "", e.getMessage()));
  }
}
