// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.jbcachefs.cli.Invocation;
import org.jbcachefs.cli.files.FileIdSet;
import org.jbcachefs.cli.files.FileType;
import org.jbcachefs.cli.files.TreeWalk;
import org.jbcachefs.cli.output.Names;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;

/**
 * Counts what an extraction would make, writing nothing. Bytes are those that inodes count, so that
 * compressed files count less than would be written. Belongs to one thread.
 */
final class Rehearsal implements TreeWalk.Visitor {
  private final Invocation invocation;
  private final Namespace namespace;
  private final Tally tally;
  private final FileIdSet linked = new FileIdSet();

  Rehearsal(Invocation invocation, Namespace namespace, Tally tally) {
    this.invocation = invocation;
    this.namespace = namespace;
    this.tally = tally;
  }

  /** Counts a file, or what is in a directory. */
  void from(byte[] path, FileId file) throws IOException {
    Attributes attributes = namespace.attributes(file);
    if (attributes.isDirectory()) {
      new TreeWalk(namespace, this).walk(path, file);
    } else {
      count(attributes);
    }
  }

  @Override
  public boolean visit(TreeWalk.Step step) {
    if (step.type() == FileType.DIRECTORY) {
      tally.directories.increment();
      return true;
    }
    try {
      count(namespace.attributes(step.file()));
    } catch (BcachefsException e) {
      tally.failed.increment();
      damaged(step, e);
    }
    return false;
  }

  private void count(Attributes attributes) {
    if (attributes.links() > 1 && !linked.add(attributes.file())) {
      tally.hardLinks.increment();
      return;
    }
    FileType type = FileType.of(attributes);
    kind(type).increment();
    if (type == FileType.REGULAR) {
      tally.bytes.add(Math.min(attributes.size(), attributes.sectors() << 9));
    }
  }

  private LongAdder kind(FileType type) {
    return switch (type) {
      case REGULAR -> tally.files;
      case SYMLINK -> tally.symlinks;
      case FIFO, SOCKET, CHARACTER, BLOCK -> tally.special;
      case DIRECTORY, UNKNOWN -> tally.failed;
    };
  }

  @Override
  public void damaged(TreeWalk.Step where, BcachefsException e) {
    invocation.damaged(Names.printableString(where.path()), e);
  }
}
