// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.write;

import java.util.SortedMap;

/**
 * All that is compared of a filesystem.
 *
 * @param files by path
 * @param snapshots the files of each snapshot, by its name
 */
record FoundState(
    SortedMap<String, FoundFile> files,
    SortedMap<String, SortedMap<String, FoundFile>> snapshots) {}
