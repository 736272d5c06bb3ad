// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.output;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * File names between bytes and strings, without loss: bytes that are no UTF-8 become the lone
 * surrogates U+DC80 to U+DCFF, as Python's surrogateescape does it.
 */
public final class Names {
  private static final char ESCAPE_BASE = '\udc00';

  private Names() {}

  /** Whether these bytes are UTF-8. */
  public static boolean isUtf8(byte[] name) {
    for (byte b : name) {
      if (b < 0) {
        return decodesStrictly(name);
      }
    }
    return true;
  }

  private static boolean decodesStrictly(byte[] name) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** A string from which {@link #encode} makes the same bytes again. */
  public static String decode(byte[] name) {
    if (isUtf8(name)) {
      return new String(name, StandardCharsets.UTF_8);
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(name);
    CharBuffer out = CharBuffer.allocate(name.length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        break;
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (ESCAPE_BASE + (in.get() & 0xff)));
      }
      decoder.reset();
    }
    return out.flip().toString();
  }

  /** The bytes of a string made by {@link #decode}, or UTF-8 of any other string. */
  public static byte[] encode(String name) {
    if (!hasEscape(name)) {
      return name.getBytes(StandardCharsets.UTF_8);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(name.length() + 8);
    for (int i = 0; i < name.length(); ) {
      int c = name.codePointAt(i);
      if (isEscape(c)) {
        out.write(c - ESCAPE_BASE);
      } else {
        out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      }
      i += Character.charCount(c);
    }
    return out.toByteArray();
  }

  private static boolean hasEscape(String name) {
    return name.codePoints().anyMatch(Names::isEscape);
  }

  private static boolean isEscape(int c) {
    return c >= ESCAPE_BASE + 0x80 && c <= ESCAPE_BASE + 0xff;
  }

  /**
   * A name as text output shows it: its bytes, but control characters (which could break lines or
   * drive a terminal) and the backslash written as in {@code ls -b}: {@code \n}, {@code \033}.
   */
  public static byte[] printable(byte[] name) {
    for (byte b : name) {
      if (needsEscape(b)) {
        return escaped(name);
      }
    }
    return name;
  }

  /** The same as a string, for sentences; bytes that are no UTF-8 are escaped too. */
  public static String printableString(byte[] name) {
    return new String(isUtf8(name) ? printable(name) : escapedAscii(name), StandardCharsets.UTF_8);
  }

  private static boolean needsEscape(byte b) {
    return (b >= 0 && b < 0x20) || b == 0x7f || b == '\\';
  }

  private static byte[] escaped(byte[] name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(name.length + 8);
    for (byte b : name) {
      if (needsEscape(b)) {
        escape(out, b);
      } else {
        out.write(b);
      }
    }
    return out.toByteArray();
  }

  private static byte[] escapedAscii(byte[] name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(name.length * 4);
    for (byte b : name) {
      if (b < 0 || needsEscape(b)) {
        escape(out, b);
      } else {
        out.write(b);
      }
    }
    return out.toByteArray();
  }

  private static void escape(ByteArrayOutputStream out, byte b) {
    out.write('\\');
    switch (b) {
      case '\n' -> out.write('n');
      case '\t' -> out.write('t');
      case '\r' -> out.write('r');
      case '\\' -> out.write('\\');
      default -> {
        out.write('0' + ((b >> 6) & 3));
        out.write('0' + ((b >> 3) & 7));
        out.write('0' + (b & 7));
      }
    }
  }
}
