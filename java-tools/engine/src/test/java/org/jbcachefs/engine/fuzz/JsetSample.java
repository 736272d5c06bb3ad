// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fuzz;

import java.util.List;
import org.jbcachefs.engine.journal.JournalCopy;

/** A live jset of an image that is not encrypted: where its copies lie, and its bytes. */
record JsetSample(String image, List<JournalCopy> copies, Sample sample) {
  JsetSample {
    copies = List.copyOf(copies);
  }
}
