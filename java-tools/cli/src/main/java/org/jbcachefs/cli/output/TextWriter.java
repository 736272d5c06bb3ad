// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Buffered UTF-8 text. Failures are unchecked, so that printing reads plainly; a reader that went
 * away throws {@link ReaderGoneException}. Belongs to one thread.
 */
public final class TextWriter {
  private static final int BUFFER_BYTES = 1 << 16;

  private final OutputStream sink;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int used;

  public TextWriter(OutputStream sink) {
    this.sink = sink;
  }

  public TextWriter print(String text) {
    int length = text.length();
    if (length > BUFFER_BYTES - used) {
      return bytes(text.getBytes(StandardCharsets.UTF_8));
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        used -= i;
        return bytes(text.getBytes(StandardCharsets.UTF_8));
      }
      buffer[used++] = (byte) c;
    }
    return this;
  }

  public TextWriter print(long number) {
    return print(Long.toString(number));
  }

  public TextWriter print(char c) {
    return print(String.valueOf(c));
  }

  public TextWriter println(String text) {
    return print(text).println();
  }

  public TextWriter println() {
    if (used == BUFFER_BYTES) {
      drain();
    }
    buffer[used++] = '\n';
    return this;
  }

  /** Bytes as they are. */
  public TextWriter bytes(byte[] raw) {
    return bytes(raw, 0, raw.length);
  }

  public TextWriter bytes(byte[] raw, int offset, int length) {
    if (length > BUFFER_BYTES - used) {
      drain();
      if (length > BUFFER_BYTES) {
        write(raw, offset, length);
        return this;
      }
    }
    System.arraycopy(raw, offset, buffer, used, length);
    used += length;
    return this;
  }

  /** A file name or path: see {@link Names#printable}. */
  public TextWriter name(byte[] name) {
    return bytes(Names.printable(name));
  }

  /** The text and as many blanks as fill that width; longer text stays whole. */
  public TextWriter left(String text, int width) {
    print(text);
    return blanks(width - text.length());
  }

  /** The text with blanks before it up to that width. */
  public TextWriter right(String text, int width) {
    return blanks(width - text.length()).print(text);
  }

  public TextWriter blanks(int count) {
    for (int i = 0; i < count; i++) {
      print(" ");
    }
    return this;
  }

  public void flush() {
    drain();
    try {
      sink.flush();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void drain() {
    int length = used;
    used = 0;
    write(buffer, 0, length);
  }

  private void write(byte[] raw, int offset, int length) {
    if (length == 0) {
      return;
    }
    try {
      sink.write(raw, offset, length);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static UncheckedIOException failed(IOException e) {
    String text = String.valueOf(e.getMessage());
    if (text.contains("Broken pipe")) {
      return new ReaderGoneException(e);
    }
    return new UncheckedIOException(new IOException("standard output: " + text, e));
  }
}
