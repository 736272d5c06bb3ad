// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jbcachefs.engine.fs.FileId;
import org.jbcachefs.engine.fs.Namespace;
import org.jbcachefs.format.error.BcachefsException;
import org.jbcachefs.format.error.CorruptionException;
import org.jbcachefs.format.error.Place;

/**
 * Visits a tree in the order of names, a directory before what is in it. Trusts nothing: no
 * recursion on the Java stack, no directory is entered twice, entries with impossible names are
 * reported and not shown. Belongs to one thread.
 */
public final class TreeWalk {
  private final Namespace namespace;
  private final Visitor visitor;
  private final FileIdSet entered = new FileIdSet();
  private final Deque<Frame> stack = new ArrayDeque<>();

  /** What is done at every step. */
  public interface Visitor {
    /** An entry; says whether to enter it if it is a directory. */
    boolean visit(Step step) throws IOException;

    /** The end of a directory that was entered. */
    default void leave(Step directory) throws IOException {}

    /** The directory cannot be read to its end, or an entry of it is impossible. */
    void damaged(Step where, BcachefsException e) throws IOException;
  }

  /**
   * One entry on the way.
   *
   * @param parent the directory it is in; null for where the walk began
   * @param last whether it is the last entry of its directory
   */
  public record Step(
      Step parent,
      byte[] name,
      FileId file,
      FileType type,
      boolean subvolume,
      int depth,
      boolean last) {
    /** Its path from where the walk began; that one's own name comes first. */
    public byte[] path() {
      Deque<byte[]> names = new ArrayDeque<>();
      int length = 0;
      for (Step step = this; step != null; step = step.parent) {
        names.push(step.name);
        length += step.name.length + 1;
      }
      byte[] path = new byte[length];
      int at = 0;
      for (byte[] part : names) {
        if (at > 0 && path[at - 1] != '/') {
          path[at++] = '/';
        }
        System.arraycopy(part, 0, path, at, part.length);
        at += part.length;
      }
      return java.util.Arrays.copyOf(path, at);
    }
  }

  private static final class Frame {
    private final Step directory;
    private final Listing listing;
    private int next;

    Frame(Step directory, Listing listing) {
      this.directory = directory;
      this.listing = listing;
    }
  }

  public TreeWalk(Namespace namespace, Visitor visitor) {
    this.namespace = namespace;
    this.visitor = visitor;
  }

  /**
   * Walks what is below a directory; the directory itself is not visited, but left.
   *
   * @param name what paths begin with
   */
  public void walk(byte[] name, FileId directory) throws IOException {
    enter(new Step(null, name, directory, FileType.DIRECTORY, false, 0, true));
    while (!stack.isEmpty()) {
      Frame frame = stack.peek();
      if (frame.next == frame.listing.size()) {
        stack.pop();
        visitor.leave(frame.directory);
      } else {
        step(frame, frame.next++);
      }
    }
  }

  private void step(Frame frame, int index) throws IOException {
    Listing listing = frame.listing;
    Step step =
        new Step(
            frame.directory,
            listing.name(index),
            listing.target(index),
            listing.type(index),
            listing.isSubvolume(index),
            frame.directory.depth + 1,
            frame.next == listing.size());
    if (!BytePath.isProperName(step.name)) {
      visitor.damaged(step, impossible("dirent_name_invalid", "a name that no file can have"));
    } else if (visitor.visit(step) && step.type == FileType.DIRECTORY) {
      enter(step);
    }
  }

  private void enter(Step directory) throws IOException {
    if (!entered.add(directory.file)) {
      visitor.damaged(
          directory,
          impossible(
              "dir_loop", "this directory was met before under another name; not entered again"));
      visitor.leave(directory);
      return;
    }
    Listing listing = Listing.read(namespace, directory.file);
    if (listing.damage() != null) {
      visitor.damaged(directory, listing.damage());
    }
    stack.push(new Frame(directory, listing));
  }

  private static CorruptionException impossible(String name, String what) {
    return new CorruptionException(name, Place.structure("dirents"), what);
  }
}
