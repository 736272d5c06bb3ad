// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.engine.fs.write;

/** What setxattr(2) does about an attribute that is there or is not. */
public enum XattrMode {
  /** Sets it either way. */
  ANY,
  /** EEXIST if it is there. */
  CREATE,
  /** ENODATA if it is not there. */
  REPLACE
}
