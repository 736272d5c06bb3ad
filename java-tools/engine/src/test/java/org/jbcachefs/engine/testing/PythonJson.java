// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.testing;

/** JSON text exactly as Python's json.dumps writes it; file names as os.fsdecode decodes them. */
public final class PythonJson {
  private PythonJson() {}

  /** Bytes of a name as a JSON string: bytes that are no UTF-8 become U+DC80 + byte. */
  public static String string(byte[] name) {
    StringBuilder text = new StringBuilder("\"");
    int at = 0;
    while (at < name.length) {
      int length = validLength(name, at);
      if (length == 0) {
        escape(text, 0xdc00 + (name[at] & 0xff));
        at++;
        continue;
      }
      int codePoint =
          new String(name, at, length, java.nio.charset.StandardCharsets.UTF_8).codePointAt(0);
      for (char unit : Character.toChars(codePoint)) {
        append(text, unit);
      }
      at += length;
    }
    return text.append('"').toString();
  }

  /** Length of the well-formed UTF-8 sequence at that byte, 0 if there is none. */
  private static int validLength(byte[] name, int at) {
    int lead = name[at] & 0xff;
    if (lead < 0x80) {
      return 1;
    }
    int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || at + length > name.length) {
      return 0;
    }
    for (int i = 1; i < length; i++) {
      if ((name[at + i] & 0xc0) != 0x80) {
        return 0;
      }
    }
    int second = name[at + 1] & 0xff;
    boolean wrong =
        (lead == 0xe0 && second < 0xa0)
            || (lead == 0xed && second > 0x9f)
            || (lead == 0xf0 && second < 0x90)
            || (lead == 0xf4 && second > 0x8f);
    return wrong ? 0 : length;
  }

  private static void append(StringBuilder text, char c) {
    switch (c) {
      case '"' -> text.append("\\\"");
      case '\\' -> text.append("\\\\");
      case '\n' -> text.append("\\n");
      case '\r' -> text.append("\\r");
      case '\t' -> text.append("\\t");
      case '\b' -> text.append("\\b");
      case '\f' -> text.append("\\f");
      default -> {
        if (c < ' ' || c > '~') {
          escape(text, c);
        } else {
          text.append(c);
        }
      }
    }
  }

  private static void escape(StringBuilder text, int unit) {
    text.append(String.format("\\u%04x", unit));
  }
}
