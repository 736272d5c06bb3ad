// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.check.cases;

import java.util.List;

/**
 * A damaged filesystem and what is to be found in it.
 *
 * @param file which of the files of cases it is from
 * @param base the golden filesystem that is damaged
 * @param edits statements for {@link org.jbcachefs.engine.edit.ImageEditor}, in order
 * @param findings all of what the checker finds, as {@link Observed} writes it
 */
record FsckCase(String name, String file, String base, List<String> edits, List<String> findings) {
  FsckCase {
    edits = List.copyOf(edits);
    findings = List.copyOf(findings);
  }

  @Override
  public String toString() {
    return file + " " + name;
  }
}
