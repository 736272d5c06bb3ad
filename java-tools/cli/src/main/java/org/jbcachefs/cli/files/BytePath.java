// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.files;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Paths as bytes. */
public final class BytePath {
  private static final byte[] ROOT = {'/'};

  private BytePath() {}

  /** The path of a name in a directory; exactly one '/' between. */
  public static byte[] join(byte[] directory, byte[] name) {
    if (directory.length == 0) {
      return name;
    }
    int slash = directory[directory.length - 1] == '/' ? 0 : 1;
    byte[] joined = Arrays.copyOf(directory, directory.length + slash + name.length);
    joined[directory.length + slash - 1] = '/';
    System.arraycopy(name, 0, joined, directory.length + slash, name.length);
    return joined;
  }

  /** The parts between slashes, empty ones and "." left out. */
  public static List<byte[]> split(byte[] path) {
    List<byte[]> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        byte[] part = Arrays.copyOfRange(path, start, i);
        if (part.length > 0 && !isDot(part)) {
          parts.add(part);
        }
        start = i + 1;
      }
    }
    return parts;
  }

  /** An absolute path without "." and doubled slashes; ".." stays. */
  public static byte[] normalize(byte[] path) {
    byte[] normal = ROOT;
    for (byte[] part : split(path)) {
      normal = join(normal, part);
    }
    return normal;
  }

  public static boolean isDot(byte[] name) {
    return name.length == 1 && name[0] == '.';
  }

  public static boolean isDotDot(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  /**
   * Whether a name may be a directory entry at all: not empty, neither "." nor "..", no '/' and no
   * NUL. A name from a hostile image may be anything.
   */
  public static boolean isProperName(byte[] name) {
    if (name.length == 0 || isDot(name) || isDotDot(name)) {
      return false;
    }
    for (byte b : name) {
      if (b == '/' || b == 0) {
        return false;
      }
    }
    return true;
  }
}
