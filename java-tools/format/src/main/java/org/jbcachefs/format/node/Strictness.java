// SPDX-License-Identifier: GPL-2.0-or-later
package org.jbcachefs.format.node;

/** How much may be wrong with a node before it is refused. */
public enum Strictness {
  /** Nothing: for as long as there is another copy. */
  STRICT,
  /** What cannot make a key wrong: labels of bsets that disagree with the superblock. */
  HARMLESS,
  /** Anything that leaves some keys whose checksum is right; the bad bsets and keys are dropped. */
  SALVAGE
}
