// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli;

/** Stack traces as text, for {@code --debug}. */
final class StackTraces {
  private StackTraces() {}

  static String of(Throwable thrown) {
    StringBuilder text = new StringBuilder();
    String prefix = "";
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      text.append(prefix).append(t).append('\n');
      for (StackTraceElement element : t.getStackTrace()) {
        text.append("    at ").append(element).append('\n');
      }
      prefix = "caused by ";
    }
    return text.toString();
  }
}
