// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.data;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jbcachefs.block.testing.GoldenImages;

/** The regular files of a golden filesystem's manifest, as {@code manifest.py} wrote it. */
final class Manifest {
  private static final Pattern TEXT = Pattern.compile("\"(\\w+)\": \"((?:[^\"\\\\]++|\\\\.)*+)\"");
  private static final Pattern SIZE = Pattern.compile("\"size\": (\\d+)");
  private static final String SEGMENTS = "\"segs\": [";
  private static final Pattern PAIR = Pattern.compile("\\[(\\d+), (\\d+)\\]");

  private Manifest() {}

  /**
   * One file.
   *
   * @param path raw bytes of the names on the way to it
   * @param sha256 of everything; null if only the data segments were hashed
   * @param segmentsSha256 of (le64 offset, le64 length, bytes) for each data segment; or null
   * @param segments data segments as {offset, end}
   */
  record File(
      List<byte[]> path,
      long size,
      String sha256,
      String segmentsSha256,
      List<long[]> segments,
      String text) {}

  static List<File> files(String image) {
    List<File> files = new ArrayList<>();
    GoldenImages.text(image, "manifest.txt").lines().forEach(line -> parse(line, files));
    return files;
  }

  private static void parse(String line, List<File> files) {
    String path = null;
    String sha256 = null;
    String segmentsSha256 = null;
    boolean regular = false;
    Matcher texts = TEXT.matcher(line);
    while (texts.find()) {
      switch (texts.group(1)) {
        case "path" -> path = path == null ? texts.group(2) : path;
        case "type" -> regular |= texts.group(2).equals("f");
        case "sha256" -> sha256 = texts.group(2);
        case "sha256_segs" -> segmentsSha256 = texts.group(2);
        default -> {}
      }
    }
    if (regular) {
      Matcher size = SIZE.matcher(line);
      long bytes = size.find() ? Long.parseLong(size.group(1)) : 0;
      files.add(new File(names(path), bytes, sha256, segmentsSha256, segments(line, bytes), path));
    }
  }

  private static List<long[]> segments(String line, long size) {
    List<long[]> segments = new ArrayList<>();
    int start = line.indexOf(SEGMENTS);
    if (start < 0) {
      if (size > 0) {
        segments.add(new long[] {0, size});
      }
      return segments;
    }
    if (line.startsWith("]", start + SEGMENTS.length())) {
      return segments;
    }
    Matcher pairs =
        PAIR.matcher(line.substring(start, line.indexOf("]]", start + SEGMENTS.length() - 1) + 1));
    while (pairs.find()) {
      segments.add(new long[] {Long.parseLong(pairs.group(1)), Long.parseLong(pairs.group(2))});
    }
    return segments;
  }

  private static List<byte[]> names(String json) {
    List<byte[]> names = new ArrayList<>();
    for (String name : json.split("/", -1)) {
      names.add(bytes(name));
    }
    return names;
  }

  /** JSON's escapes, and Python's way of writing bytes that are no UTF-8: lone surrogates. */
  private static byte[] bytes(String json) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char kind = json.charAt(++i);
      if (kind == 'u') {
        text.append((char) Integer.parseInt(json.substring(i + 1, i + 5), 16));
        i += 4;
      } else {
        text.append("nrtbf".indexOf(kind) < 0 ? kind : "\n\r\t\b\f".charAt("nrtbf".indexOf(kind)));
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < text.length(); ) {
      int point = text.codePointAt(at);
      at += Character.charCount(point);
      if (point >= 0xdc80 && point <= 0xdcff) {
        out.write(point - 0xdc00);
      } else {
        out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
    }
    return out.toByteArray();
  }
}
