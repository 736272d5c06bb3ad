// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.util.Arrays;
import java.util.SortedMap;

/**
 * All that is compared of a file.
 *
 * @param first the first path, in order, that leads to the same file
 * @param content of files, or the target of links; never changed
 */
record FoundFile(
    int mode, int uid, long links, String first, byte[] content, SortedMap<String, byte[]> xattrs) {
  @Override
  public boolean equals(Object other) {
    return other instanceof FoundFile file
        && sameButContent(file)
        && Arrays.equals(file.content, content);
  }

  boolean sameButContent(FoundFile file) {
    return file.mode == mode
        && file.uid == uid
        && file.links == links
        && file.first.equals(first)
        && file.xattrs.keySet().equals(xattrs.keySet())
        && xattrs.keySet().stream()
            .allMatch(name -> Arrays.equals(file.xattrs.get(name), xattrs.get(name)));
  }

  @Override
  public int hashCode() {
    return 31 * mode + Arrays.hashCode(content);
  }

  @Override
  public String toString() {
    return "mode %x uid %d links %d of %s, %d bytes (%x), xattrs %s"
        .formatted(
            mode, uid, links, first, content.length, Arrays.hashCode(content), xattrs.keySet());
  }
}
