// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.dump;

/** What is blotted out of keys. */
public enum Sanitizing {
  /** Nothing: small files can be read in the dump. */
  NONE,
  /** The contents of files that lie in keys. */
  DATA,
  /** Those, the names in directories, and the values of extended attributes. */
  FILENAMES;

  boolean data() {
    return this != NONE;
  }

  boolean names() {
    return this == FILENAMES;
  }
}
