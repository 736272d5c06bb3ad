// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

import java.util.ArrayList;
import java.util.List;

/** Keeps what was logged. */
final class RecordingLog implements SessionLog {
  final List<String> lines = new ArrayList<>();
  final List<Throwable> defects = new ArrayList<>();

  @Override
  public void remark(String sentence) {
    lines.add(sentence);
  }

  @Override
  public void warning(String sentence) {
    lines.add(sentence);
  }

  @Override
  public void defect(String sentence, Throwable trace) {
    defects.add(trace);
  }
}
