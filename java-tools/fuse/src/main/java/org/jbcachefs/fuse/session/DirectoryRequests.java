// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.engine.fs.Attributes;
import org.jbcachefs.engine.fs.DirectoryEntry;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.fuse.protocol.ReadIn;
import org.jbcachefs.fuse.transport.Request;

/**
 * READDIR and READDIRPLUS. The position after an entry is its hash plus one, as in the kernel's
 * bcachefs; "." and ".." come first, at the positions 1 and 2 that no hash has.
 */
final class DirectoryRequests {
  private static final byte[] DOT = ".".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DOT_DOT = "..".getBytes(StandardCharsets.US_ASCII);
  private static final int DT_DIRECTORY = 4;
  private static final long AFTER_DOT = 1;
  private static final long AFTER_DOT_DOT = 2;

  /** The kernel's FUSE client gives up a whole directory for one name that is longer. */
  private static final int LONGEST_NAME = 1024;

  private final Namespace namespace;
  private final FileId root;
  private final NodeTable nodes;
  private final InodeNumbers numbers;
  private final AttributeReply attributeReply;

  DirectoryRequests(
      Namespace namespace,
      FileId root,
      NodeTable nodes,
      InodeNumbers numbers,
      AttributeReply attributeReply) {
    this.namespace = namespace;
    this.root = root;
    this.nodes = nodes;
    this.numbers = numbers;
    this.attributeReply = attributeReply;
  }

  int read(Request request, FileId directory, boolean plus) {
    long position = request.argument64(ReadIn.OFFSET);
    long size = Integer.toUnsignedLong(request.argument32(ReadIn.SIZE));
    int limit = (int) Math.min(size, request.reply().byteSize());
    DirectoryReply reply = new DirectoryReply(request.reply(), limit, plus, attributeReply);
    if (position < 0 || position == Long.MAX_VALUE) {
      return 0;
    }
    if (!dots(reply, directory, position)) {
      return reply.length();
    }
    entries(reply, directory, Math.max(position, AFTER_DOT_DOT) - 1, plus);
    return reply.length();
  }

  private boolean dots(DirectoryReply reply, FileId directory, long position) {
    if (position < AFTER_DOT) {
      if (!reply.hasRoomFor(DOT.length)) {
        return false;
      }
      reply.add(DOT, numbers.of(directory, true), DT_DIRECTORY, AFTER_DOT);
    }
    if (position < AFTER_DOT_DOT) {
      if (!reply.hasRoomFor(DOT_DOT.length)) {
        return false;
      }
      reply.add(DOT_DOT, parentNumber(directory), DT_DIRECTORY, AFTER_DOT_DOT);
    }
    return true;
  }

  private long parentNumber(FileId directory) {
    if (directory.equals(root)) {
      return numbers.of(root, true);
    }
    try {
      return numbers.of(namespace.parent(directory), true);
    } catch (BcachefsException e) {
      // Only ".." itself is concerned, which the kernel never asks us to follow.
      return numbers.of(directory, true);
    }
  }

  private void entries(DirectoryReply reply, FileId directory, long after, boolean plus) {
    for (DirectoryEntry entry : gather(reply, directory, after)) {
      byte[] name = entry.name();
      long next = entry.hash() == Long.MAX_VALUE ? Long.MAX_VALUE : entry.hash() + 1;
      Attributes attributes = plus ? attributes(entry) : null;
      if (attributes == null) {
        long number = numbers.of(entry.target(), entry.type() == DT_DIRECTORY);
        reply.add(name, number, entry.type(), next);
      } else {
        long node = nodes.remember(attributes.file());
        reply.add(name, entry.type(), next, node, attributes);
      }
    }
  }

  /** As many entries as have room, so that no iterator stays open while attributes are read. */
  private List<DirectoryEntry> gather(DirectoryReply reply, FileId directory, long after) {
    List<DirectoryEntry> gathered = new ArrayList<>();
    int[] bytes = {0};
    namespace.list(
        directory,
        after,
        entry -> {
          if (!isShowable(entry.name())) {
            return true;
          }
          if (!reply.hasRoomFor(entry.name().length, bytes[0])) {
            return false;
          }
          bytes[0] += reply.bytes(entry.name().length);
          gathered.add(entry);
          return true;
        });
    return gathered;
  }

  /** What the kernel would take for an I/O error of the whole directory is left out. */
  private static boolean isShowable(byte[] name) {
    if (name.length == 0 || name.length > LONGEST_NAME) {
      return false;
    }
    for (byte b : name) {
      if (b == '/' || b == 0) {
        return false;
      }
    }
    return true;
  }

  /** Null where the inode is missing or damaged: the name is shown, a lookup will tell. */
  private Attributes attributes(DirectoryEntry entry) {
    try {
      return namespace.attributes(entry.target());
    } catch (BcachefsException e) {
      return null;
    }
  }
}
