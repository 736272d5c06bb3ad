// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.fuse.session;

/**
 * When it is noted that a file was read, as mount(8) says.
 *
 * @param ofFiles strictatime, relatime (the default) or noatime
 * @param ofDirectories the same; nodiratime makes it NEVER
 * @param lazy lazytime: kept in memory until something else of the file is written, it is synced,
 *     or a day has passed
 */
public record AccessTimes(When ofFiles, When ofDirectories, boolean lazy) {
  /** What reads count. */
  public enum When {
    NEVER,
    /** Where the time is not newer than the last change, or a day old. */
    RELATIVE,
    ALWAYS
  }

  /** Of a filesystem that is read-only, or mounted with noatime. */
  public static final AccessTimes NONE = new AccessTimes(When.NEVER, When.NEVER, false);

  When of(boolean directory) {
    return directory ? ofDirectories : ofFiles;
  }
}
