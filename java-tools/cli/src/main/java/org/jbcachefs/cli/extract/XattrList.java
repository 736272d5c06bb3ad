// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * A file of xattrs in the form of {@code getfattr --dump}, which {@code setfattr --restore} takes.
 * Thread-safe.
 */
final class XattrList implements AutoCloseable {
  /** Xattrs of one file. */
  static final class Entries {
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();

    void add(byte[] name, byte[] value) {
      escape(lines, name, true);
      lines.writeBytes(
          ("=0x" + HexFormat.of().formatHex(value) + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    boolean isEmpty() {
      return lines.size() == 0;
    }
  }

  private static final byte[] HEAD = "# file: ".getBytes(StandardCharsets.US_ASCII);

  private final FileChannel file;
  private final OutputStream out;

  /** First lines of the files that an earlier run has listed. */
  private final Set<String> listed;

  /**
   * @param file null for what is no regular file
   */
  private XattrList(FileChannel file, OutputStream out, Set<String> listed) {
    this.file = file;
    this.out = new BufferedOutputStream(out);
    this.listed = listed;
  }

  /**
   * A new list, or one that goes on with what an interrupted extraction left of it: files that are
   * listed in full are not listed again.
   */
  static XattrList open(Path path, boolean resume) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      return new XattrList(null, Files.newOutputStream(path), Set.of());
    }
    FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    Set<String> listed = new HashSet<>();
    try {
      file.truncate(resume ? listed(file, listed) : 0);
      file.position(file.size());
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return new XattrList(file, Channels.newOutputStream(file), listed);
  }

  /** Adds the first lines of what is listed in full; returns where the last of them ends. */
  private static long listed(FileChannel file, Set<String> into) throws IOException {
    // Not closed: it would close the channel.
    InputStream in = new BufferedInputStream(Channels.newInputStream(file));
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    String head = null;
    long whole = 0;
    long at = 0;
    for (int b = in.read(); b >= 0; b = in.read()) {
      at++;
      if (b != '\n') {
        line.write(b);
        continue;
      }
      if (line.size() == 0) {
        if (head != null) {
          into.add(head);
        }
        head = null;
        whole = at;
      } else if (head == null) {
        head = line.toString(StandardCharsets.ISO_8859_1);
      }
      line.reset();
    }
    return whole;
  }

  /** Nothing is written for a file that has none, or that an earlier run has listed. */
  synchronized void write(byte[] path, Entries entries) throws IOException {
    if (entries.isEmpty()) {
      return;
    }
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.writeBytes(HEAD);
    escape(head, path, false);
    if (!listed.contains(head.toString(StandardCharsets.ISO_8859_1))) {
      head.write('\n');
      head.writeTo(out);
      entries.lines.writeTo(out);
      out.write('\n');
    }
  }

  /** Returns when all that was written is on disk. */
  synchronized void sync() throws IOException {
    out.flush();
    if (file != null) {
      file.force(false);
    }
  }

  /** Backslash and three octal digits, as getfattr writes what would break its lines. */
  private static void escape(ByteArrayOutputStream out, byte[] text, boolean equals) {
    for (byte b : text) {
      boolean control = b >= 0 && b < 0x20;
      if (control || b == '\\' || (equals && b == '=')) {
        out.write('\\');
        out.write('0' + ((b >> 6) & 3));
        out.write('0' + ((b >> 3) & 7));
        out.write('0' + (b & 7));
      } else {
        out.write(b);
      }
    }
  }

  @Override
  public synchronized void close() throws IOException {
    out.close();
  }
}
