// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.cli.extract;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jbcachefs.engine.fs.FileId;

/**
 * Files with more than one name. Whoever comes first extracts the file; the others become links to
 * it once it is there. Thread-safe.
 */
final class HardLinks {
  /** Where the file is. */
  record Location(Destination.Directory parent, byte[] name, boolean partial) {}

  private static final class Entry {
    private Location location;
    private boolean failed;
    private List<ExtractTask> waiting = new ArrayList<>();
  }

  /** What a name has to do. */
  enum Claim {
    /** Extract the file, then call {@link #done} or {@link #failed}. */
    EXTRACT,
    /** Link to {@link #location}. */
    LINK,
    /** Nothing now: it was put on the list that done or failed returns. */
    WAIT
  }

  private final Map<FileId, Entry> entries = new HashMap<>();

  synchronized Claim claim(FileId file, ExtractTask task) {
    Entry entry = entries.get(file);
    if (entry == null || entry.failed) {
      entries.put(file, new Entry());
      return Claim.EXTRACT;
    }
    if (entry.location != null) {
      return Claim.LINK;
    }
    entry.waiting.add(task);
    return Claim.WAIT;
  }

  synchronized Location location(FileId file) {
    return entries.get(file).location;
  }

  /** The file is there; returns who waits for it. */
  synchronized List<ExtractTask> done(FileId file, Location location) {
    Entry entry = entries.get(file);
    entry.location = location;
    List<ExtractTask> waiting = entry.waiting;
    entry.waiting = List.of();
    return waiting;
  }

  /** The file could not be made there; who waited must claim again. */
  synchronized List<ExtractTask> failed(FileId file) {
    Entry entry = entries.get(file);
    entry.failed = true;
    return entry.waiting;
  }
}
