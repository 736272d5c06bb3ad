// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import org.jbcachefs.format.bytes.Bytes;
import org.jbcachefs.format.error.Place;
import org.jbcachefs.format.error.RefusedException;
import org.jbcachefs.format.sb.DiskGroupsSection;
import org.jbcachefs.format.sb.DiskGroupsSection.Label;

/** The tree of labels while it grows: every part of "ssd.fast" is a node, made once. */
final class DiskLabels {
  private static final int TOP = -1;

  private final List<Label> labels = new ArrayList<>();

  /** The index of a label, made with all above it if it is not there. */
  int findOrCreate(String path) {
    int at = TOP;
    for (String name : path.split("\\.", -1)) {
      int found = child(at, name);
      at = found >= 0 ? found : add(at, name, path);
    }
    return at;
  }

  /** The index of a label, or -1. */
  int find(String path) {
    int at = TOP;
    for (String name : path.split("\\.", -1)) {
      at = child(at, name);
      if (at < 0) {
        return -1;
      }
    }
    return at;
  }

  private int child(int parent, String name) {
    for (int index = 0; index < labels.size(); index++) {
      Label label = labels.get(index);
      if (label.parent() == parent && label.name().equals(name)) {
        return index;
      }
    }
    return -1;
  }

  private int add(int parent, String name, String path) {
    byte[] bytes = name.getBytes(UTF_8);
    if (bytes.length == 0 || bytes.length > DiskGroupsSection.LABEL_BYTES) {
      throw new RefusedException(
          "bad_label",
          Place.NOWHERE,
          "the label '"
              + path
              + "' has a part of "
              + bytes.length
              + " bytes; parts are joined by dots and have 1 to "
              + DiskGroupsSection.LABEL_BYTES);
    }
    long allowed = DiskGroupsSection.DATA_ALLOWED.max();
    long flags = DiskGroupsSection.DATA_ALLOWED.set(0, allowed);
    flags = DiskGroupsSection.PARENT.set(flags, parent + 1L);
    Bytes stored = Bytes.copyOf(bytes).resized(DiskGroupsSection.LABEL_BYTES);
    labels.add(new Label(stored, flags, 0));
    return labels.size() - 1;
  }

  DiskGroupsSection section() {
    return labels.isEmpty() ? DiskGroupsSection.NONE : new DiskGroupsSection(labels, Bytes.EMPTY);
  }
}
