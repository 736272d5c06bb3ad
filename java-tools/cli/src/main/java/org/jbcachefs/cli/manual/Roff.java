// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.manual;

import java.util.Locale;

/** A page being written. Text that is given is escaped; only the methods here write requests. */
final class Roff {
  private final StringBuilder out = new StringBuilder();
  private boolean afterHeading;

  Roff title(String name, String date, String source) {
    out.append(
        ".\\\" Made from the command's own description. SPDX-License-Identifier: GPL-2.0-or-later\n");
    out.append(".TH \"").append(escape(name.toUpperCase(Locale.ROOT))).append("\" \"8\" \"");
    out.append(date)
        .append("\" \"")
        .append(escape(source))
        .append("\" \"System Administration\"\n");
    return request(".nh").request(".ad l");
  }

  Roff section(String heading) {
    return request(".SH \"" + escape(heading) + "\"");
  }

  Roff subsection(String heading) {
    return request(".SS \"" + escape(heading) + "\"");
  }

  /** A paragraph of plain text. */
  Roff paragraph(String text) {
    return (afterHeading ? this : request(".PP")).line(escape(text));
  }

  /** An item: its tag is roff already, its text is plain. */
  Roff item(String tag, String text) {
    return request(".TP").line(tag).line(escape(text));
  }

  /** A line of roff as it is. */
  Roff line(String roff) {
    afterHeading = false;
    out.append(roff.startsWith(".") || roff.startsWith("'") ? "\\&" : "").append(roff).append('\n');
    return this;
  }

  private Roff request(String request) {
    out.append(request).append('\n');
    afterHeading = request.startsWith(".SH") || request.startsWith(".SS");
    return this;
  }

  static String bold(String text) {
    return "\\fB" + escape(text) + "\\fR";
  }

  static String italic(String text) {
    return "\\fI" + escape(text) + "\\fR";
  }

  /** Plain text on one line, safe from being taken for requests or escapes. */
  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    for (char c : text.strip().toCharArray()) {
      switch (c) {
        case '\\' -> safe.append("\\e");
        case '-' -> safe.append("\\-");
        case '\'' -> safe.append("\\(aq");
        case '`' -> safe.append("\\(ga");
        case '^' -> safe.append("\\(ha");
        case '~' -> safe.append("\\(ti");
        case '"' -> safe.append("\\(dq");
        case '\n' -> safe.append(' ');
        default -> safe.append(c);
      }
    }
    return safe.toString();
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
